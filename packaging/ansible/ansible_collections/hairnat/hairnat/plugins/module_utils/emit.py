# Copyright: the hairnat authors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""A policy as YAML, without a YAML library: the managed host need not have one."""

import json
import re

HEADER = '# Managed by Ansible: what is changed here is lost at its next run.\n'

# YAML 1.1, which playbooks are read by, takes these words for booleans; hairnat does not.
ON_OR_OFF = ('hairpin_mode', 'redirect', 'reflection')

PLAIN = re.compile(r'[a-z]+(_[a-z]+)*\Z')
NOT_PLAIN = ('null', 'true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n')


def policy_file(policy):
    """The text of a policy file, the same for the same policy."""
    return HEADER + '\n'.join(block(with_words(policy), '')) + '\n'


def with_words(policy):
    """The policy with `on` and `off` where the playbook's YAML made booleans of them."""
    bridge = policy.get('bridge')
    if not isinstance(bridge, dict):
        return policy
    words = {
        key: 'on' if bridge[key] else 'off'
        for key in ON_OR_OFF
        if isinstance(bridge.get(key), bool)
    }
    return dict(policy, bridge=dict(bridge, **words))


def block(value, indent):
    """The lines of a value in block style, which hairnat reads with all cores."""
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from entry(indent, scalar_key(key) + ':', value[key])
    elif isinstance(value, list) and value:
        for item in value:
            yield from entry(indent, '-', item)
    else:
        yield indent + scalar(value)


def entry(indent, start, value):
    """The lines of what `start` begins: on its line if there is nothing in the value, else below."""
    if isinstance(value, (dict, list)) and value:
        yield indent + start
        yield from block(value, indent + '  ')
    else:
        yield '%s%s %s' % (indent, start, scalar(value))


def scalar(value):
    """A value of JSON, which is one of YAML."""
    return json.dumps(value, ensure_ascii=False)


def scalar_key(key):
    """A key: plain if it can be one of the policy language, else quoted."""
    plain = PLAIN.match(key) and key not in NOT_PLAIN
    return key if plain else scalar(key)
