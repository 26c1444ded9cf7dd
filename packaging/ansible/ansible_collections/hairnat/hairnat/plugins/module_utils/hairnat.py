# Copyright: the hairnat authors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The program `hairnat`: run, and what it says."""

import json
import os
import tempfile


class Hairnat:
    """The program on the managed host."""

    def __init__(self, module, binary):
        self.module = module
        # Looks into the directories of system administration too.
        self.path = module.get_bin_path(binary)
        if self.path is None:
            module.fail_json(
                msg='cannot find `%s`: install the package hairnat, '
                'or name the program with `binary`' % binary
            )

    def run(self, arguments, stdin=None):
        """Exit code, standard output and standard error of one run."""
        # Not `data` of run_command: it fails itself if a program ends without reading all of it, and
        # so hides why.
        source = os.devnull if stdin is None else self.file_with(stdin)
        return self.module.run_command(
            ['/bin/sh', '-c', 'exec "$@" < "$0"', source, self.path] + arguments,
            environ_update=dict(LC_ALL='C', NO_COLOR='1'),
        )

    def file_with(self, content):
        """The path of a temporary file."""
        handle, path = tempfile.mkstemp(dir=self.module.tmpdir)
        self.module.add_cleanup_file(path)
        with os.fdopen(handle, 'wb') as file:
            file.write(content)
        return path

    def json(self, arguments, stdin=None):
        """The object that a run printed, and the exit code; of a report that cannot be read, an error."""
        code, out, err = self.run(arguments + ['-o', 'json'], stdin)
        try:
            said = json.loads(out)
            whole = said['format'] == 1 and (code == 0 or said['error']['message'])
        except (ValueError, KeyError, TypeError):
            whole = False
        if whole:
            return said, code
        words = (err or out).strip().splitlines() or ['nothing']
        message = (
            '`%s %s` ended with exit code %d and without a report, and said: %s; '
            'is it hairnat, and is the package up to date?'
            % (self.path, arguments[0], code, words[0])
        )
        return dict(error=dict(kind='report', message=message)), code or 1

    def text(self, arguments, stdin=None):
        """What a run that changes nothing printed for people; nothing if it failed."""
        code, out, _err = self.run(arguments + ['-o', 'text'], stdin)
        # It may be shown of changes that are made now.
        return out.replace('; the kernel accepts it, nothing was changed', '') if code == 0 else ''


def refusal(said, code, path, content):
    """What `fail_json` is to say of an error of hairnat; `content` is what `path` would have been."""
    error = said['error']
    diagnostics = error.get('diagnostics', [])
    message = error['message']
    if code == 2 and 'unexpected argument' in message:
        message += ' (this hairnat is too old for the collection: upgrade the package)'
    lines = [sentence(message, error)]
    for diagnostic in diagnostics:
        lines.append('%s: %s' % (place(diagnostic), sentence(diagnostic['message'], diagnostic)))
        if diagnostic.get('file') == path and content is not None and diagnostic.get('line'):
            lines.append('  ' + line_of(content, diagnostic['line']))
        for note in diagnostic.get('notes', []):
            lines.append('  %s %s' % (note['message'], place(note)))
    if error.get('left_out'):
        lines.append('and %d more' % error['left_out'])
    return dict(msg='\n'.join(lines), kind=error['kind'], diagnostics=diagnostics, rc=code)


def sentence(message, said):
    return '%s (%s)' % (message, said['hint']) if said.get('hint') else message


def place(diagnostic):
    parts = [diagnostic.get(part) for part in ('file', 'line', 'column')]
    return ':'.join(str(part) for part in parts if part is not None)


def line_of(content, number):
    lines = content.decode('utf-8', 'replace').split('\n')
    return '%d | %s' % (number, lines[number - 1]) if number <= len(lines) else ''
