# Floats from Salt: one file of this host's policy, and the kernel as the whole policy says.
#
# This is salt://hairnat/init.sls, and the file is salt://hairnat/floats.yaml.
#
# A policy that is invalid, also together with the files of others, never lands: the old file and
# the rules stay, and the state fails. Drift is mended at each run. With test=True the kernel
# validates the changes that would be made, those of a new file too.

{% set file = '/etc/hairnat/policy.d/salt.yaml' %}
{% import_text 'hairnat/floats.yaml' as policy %}

# Salt takes `changed` from the object on standard output and shows the others, but shows only
# standard error of a command that fails: the object of a failure goes there.
{% macro stateful(command) -%}
  out=$({{ command }} -o json); code=$?; test $code = 0 || exec >&2; printf '%s\n' "$out"; exit $code
{%- endmacro %}

{{ file }}:
  file.managed:
    - contents: {{ policy | json }}
    - makedirs: true
    - mode: '0644'
    # Salt appends the name of its temporary file, and runs this without a shell.
    - check_cmd: sh -c 'hairnat check -q --stdin-as {{ file }} < "$0"'

hairnat:
  cmd.run:
    - name: {{ stateful('hairnat apply') | json }}
    - stdin: {{ policy | json }}
    - stateful:
      - test_name: {{ stateful('hairnat apply --dry-run --stdin-as ' ~ file) | json }}
    - require:
      - file: {{ file }}
