# Floats from Puppet: one file of this host's policy, and the kernel as the whole policy says.
#
#   class { 'hairnat': policy => file('profile/floats.yaml') }
#
# A policy that is invalid, also together with the files of others, never lands: the old file and
# the rules stay, and the run fails. Drift is mended at each run. What changed is in the log.
#
# Puppet's locale is to be one of UTF-8: in C it fails of what hairnat says beyond ASCII.
#
# @param policy
#   The text of the file, in YAML.
class hairnat (
  String[1] $policy,
) {
  $file = '/etc/hairnat/policy.d/puppet.yaml'

  file { ['/etc/hairnat', '/etc/hairnat/policy.d']:
    ensure => directory,
  }

  file { $file:
    content      => $policy,
    validate_cmd => "hairnat check -q --stdin-as ${file} < %",
  }

  # Exit code 1 of diff is a difference. From 2 on it could not be told: apply fails of the same
  # cause, and its message is in the log.
  exec { 'hairnat apply':
    path      => $facts['path'],
    unless    => 'hairnat diff -q',
    logoutput => true,
    subscribe => File[$file],
  }
}
