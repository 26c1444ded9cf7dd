#!/usr/bin/python
# Copyright: the hairnat authors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""One file of the host's policy, and the kernel as the whole policy says."""

DOCUMENTATION = r'''
module: policy
short_description: Floating IPs on the bridge of a virtualization host
version_added: 0.1.0
description:
  - Writes one policy file of C(hairnat) and makes the kernel match the policy, or takes the file away.
  - The file in O(dest) is one of the host's policy if it is C(/etc/hairnat/policy.yaml) or in
    C(/etc/hairnat/policy.d). What is checked and applied then is the whole policy, with the files of
    others, which stay as they are. In any other place the file alone is the policy.
  - An invalid policy changes nothing. If the kernel or the host refuses it, the old file is brought
    back. What was changed by hand in the tables of C(hairnat) is mended.
  - While somebody's C(hairnat apply --confirm) is on trial on the host, the task changes nothing and
    fails with the kind V(busy) and the time that is left; C(until) and C(retries) try it again.
author:
  - The hairnat authors (@hairnat)
requirements:
  - hairnat on the managed host
  - Python 3.6 or later on the managed host
attributes:
  check_mode:
    support: full
    description: The kernel validates the changes, and nothing is changed.
  diff_mode:
    support: full
    description: Shows the file, and the changes of the kernel as C(hairnat diff) does.
  platform:
    support: full
    description: The systems that it works on.
    platforms: linux
options:
  content:
    description:
      - The policy, as a mapping. C(hairnat schema) and C(policies/full.yaml) of its source show the
        language.
      - The V(on) and V(off) of C(hairpin_mode), C(redirect) and C(reflection) need no quotes, though a
        playbook has them as booleans.
    type: dict
  src:
    description: A policy file on the managed host. It is taken as it is.
    type: path
  dest:
    description:
      - Where the policy file is, or shall be. Its directory is made if there is none.
      - In C(/etc/hairnat/policy.d) its name must end with C(.yaml) or C(.yml) and not begin with a dot,
        and a link must lead to a file below that directory.
    type: path
    default: /etc/hairnat/policy.d/ansible.yaml
  state:
    description:
      - With V(present), the file is there and the kernel matches; one of O(content) and O(src) is
        needed.
      - With V(absent), the file is not there and the kernel matches the policy that is left. If none
        is left, both tables of C(hairnat) are taken away.
    type: str
    choices: [present, absent]
    default: present
  binary:
    description:
      - The program, as a path, or as a name that is looked up in E(PATH) and in the directories of
        system administration.
    type: str
    default: hairnat
'''

EXAMPLES = r'''
- name: Floats of the web servers
  hairnat.hairnat.policy:
    dest: /etc/hairnat/policy.d/web.yaml
    content:
      fixed:
        - 10.0.0.0/24
        - fd00:10::/64
      bridge:
        ports: [vnet*, tap*]
        hairpin_mode: on
      floats:
        203.0.113.10: 10.0.0.10
        2001:db8::10: fd00:10::10
        203.0.113.11:
          fixed: 10.0.0.11
          name: web-1

- name: A policy that is on the host already
  hairnat.hairnat.policy:
    src: /srv/floats/policy.yaml

- name: No floats of the web servers any more
  hairnat.hairnat.policy:
    dest: /etc/hairnat/policy.d/web.yaml
    state: absent
'''

RETURN = r'''
dest:
  description: The policy file.
  returned: always
  type: str
  sample: /etc/hairnat/policy.d/ansible.yaml
summary:
  description: How many of the changes add, replace and delete.
  returned: success
  type: dict
  sample: {add: 1, replace: 1, delete: 0}
changes:
  description:
    - Every change of the kernel, as C(hairnat apply -o json) has it. Each element and each rule is one,
      whatever else happens to its table, map or chain.
  returned: success
  type: list
  elements: dict
  sample:
    - {op: add, family: inet, table: hairnat, object: map, name: dnat4, key: 203.0.113.10, after: 10.0.0.10}
connections_cut:
  description: How many open connections of floats that moved, vanished or were added were cut.
  returned: when a policy was applied
  type: int
  sample: 2
hairnat_warnings:
  description: Where the host contradicts the policy. They are warnings of Ansible, too.
  returned: success
  type: list
  elements: dict
  sample:
    - {code: no-bridge, message: there is no bridge on this host, hint: nothing to do if the bridge comes later}
kind:
  description: What kind of error C(hairnat) met, as its C(error.kind); V(report) if it said nothing that can be read.
  returned: when hairnat refused
  type: str
  sample: policy
diagnostics:
  description: The errors of an invalid policy, each with C(file), C(line), C(column), C(message) and C(hint).
  returned: when hairnat refused
  type: list
  elements: dict
  sample:
    - {file: /etc/hairnat/policy.d/ansible.yaml, line: 4, column: 3, message: fixed address needs a network, hint: null}
'''

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hairnat.hairnat.plugins.module_utils.emit import policy_file
from ansible_collections.hairnat.hairnat.plugins.module_utils.file import PolicyFile
from ansible_collections.hairnat.hairnat.plugins.module_utils.hairnat import Hairnat, refusal

DEFAULT_FILE = '/etc/hairnat/policy.yaml'
DEFAULT_DIRECTORY = '/etc/hairnat/policy.d'


class Policy:
    """What the task asks for."""

    def __init__(self, module):
        self.module = module
        self.dest = os.path.abspath(module.params['dest'])
        self.files = self.named_files()
        self.hairnat = Hairnat(module, module.params['binary'])
        self.result = dict(changed=False, dest=self.dest)
        self.prepared = ''

    def named_files(self):
        """What hairnat is to read: nothing is named for the policy of the host."""
        if os.path.isdir(self.dest):
            self.fail('`%s` is a directory: name a file' % self.dest)
        directory, name = os.path.split(self.dest)
        directory = os.path.realpath(directory)
        if directory == os.path.realpath(DEFAULT_DIRECTORY):
            if name.startswith('.') or not name.endswith(('.yaml', '.yml')):
                self.fail(
                    '`%s` would be no part of the policy: its name must end with .yaml or .yml '
                    'and not begin with a dot' % self.dest
                )
            self.refuse_link_out_of(directory)
            return []
        whole = os.path.split(DEFAULT_FILE)
        if (directory, name) == (os.path.realpath(whole[0]), whole[1]):
            return []
        return [self.dest]

    def refuse_link_out_of(self, directory):
        """Somebody else may write the directory: a link there must not have another file written.

        hairnat would not read it there either. Removing the link is no harm.
        """
        target = os.path.realpath(self.dest)
        inside = target.startswith(os.path.join(directory, ''))
        if self.module.params['state'] == 'present' and not inside:
            self.fail(
                '`%s` is a link that leads out of its directory, to `%s`: put the file itself in its '
                'place, or remove the link' % (self.dest, target)
            )

    def present(self):
        content = self.content()
        trial = ['--stdin-as', self.dest] + self.files
        said, code = self.hairnat.json(['check'] + trial, content)
        if code != 0:
            self.refuse(said, code, content)
        file = PolicyFile(self.module, self.dest)
        differs = file.differs(content)
        self.show_difference(file, content, ['apply', '--dry-run'] + trial, content)
        if self.module.check_mode:
            said, code = self.hairnat.json(['apply', '--dry-run'] + trial, content)
        else:
            if differs:
                file.put(content)
            said, code = self.hairnat.json(['apply'] + self.files)
        self.finish(said, code, content, differs, file)

    def absent(self):
        trial = ['--without', self.dest] + self.files
        said, code = self.hairnat.json(['check'] + trial)
        if code == 0:
            tried, done = ['apply', '--dry-run'] + trial, ['apply'] + self.files
        elif said['error']['kind'] == 'no-policy':
            tried, done = ['remove', '--dry-run'], ['remove']
        else:
            self.refuse(said, code, None)
        file = PolicyFile(self.module, self.dest)
        differs = file.exists
        self.show_difference(file, b'', tried, None)
        if self.module.check_mode:
            said, code = self.hairnat.json(tried)
        else:
            if differs:
                file.remove()
            said, code = self.hairnat.json(done)
        self.finish(said, code, None, differs, file)

    def content(self):
        """The bytes of the policy file that is to be."""
        if self.module.params['content'] is not None:
            return policy_file(self.module.params['content']).encode('utf-8')
        src = self.module.params['src']
        try:
            with open(src, 'rb') as file:
                return file.read()
        except (IOError, OSError) as error:
            return self.fail(
                'cannot read `src` on the managed host, `%s`: %s' % (src, error.strerror)
            )

    def show_difference(self, file, content, tried, stdin):
        """With `--diff`, has Ansible show the file and what changes in the kernel."""
        if not self.module._diff:
            return
        before = file.before or b''
        self.result['diff'] = []
        if before != content:
            self.result['diff'].append(
                dict(
                    before=before.decode('utf-8', 'replace'),
                    after=content.decode('utf-8', 'replace'),
                    before_header=self.dest,
                    after_header=self.dest,
                )
            )
        self.prepared = self.hairnat.text(tried, stdin)

    def finish(self, said, code, content, differs, file):
        """Ends the task by what hairnat said of the kernel."""
        if code != 0:
            trouble = None
            if differs and not self.module.check_mode:
                trouble = file.bring_back()
            self.refuse(said, code, content, trouble)
        self.result['changed'] = differs or said['changed']
        if said['changed'] and self.prepared:
            self.result['diff'].append(dict(prepared=self.prepared))
        for key in ('summary', 'changes', 'connections_cut'):
            if key in said:
                self.result[key] = said[key]
        self.result['hairnat_warnings'] = said['warnings']
        for warning in said['warnings']:
            parts = [warning['message'], warning.get('hint')]
            self.module.warn('hairnat: ' + '; '.join(part for part in parts if part))
        self.module.exit_json(**self.result)

    def refuse(self, said, code, content, trouble=None):
        """Ends the task by what hairnat refused."""
        failure = refusal(said, code, self.dest, content)
        if trouble is not None:
            failure['msg'] += '\n' + trouble
        self.module.fail_json(dest=self.dest, **failure)

    def fail(self, message):
        self.module.fail_json(msg=message, dest=self.dest)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            content=dict(type='dict'),
            src=dict(type='path'),
            dest=dict(type='path', default=DEFAULT_DIRECTORY + '/ansible.yaml'),
            state=dict(type='str', choices=['present', 'absent'], default='present'),
            binary=dict(type='str', default='hairnat'),
        ),
        mutually_exclusive=[('content', 'src')],
        required_if=[('state', 'present', ('content', 'src'), True)],
        supports_check_mode=True,
    )
    policy = Policy(module)
    if module.params['state'] == 'present':
        policy.present()
    else:
        policy.absent()


if __name__ == '__main__':
    main()
