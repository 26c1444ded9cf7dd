# Copyright: the hairnat authors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The policy file: put and removed, and brought back as it was."""

import os
import stat
import tempfile

MODE = 0o644


class PolicyFile:
    """A file that can be as it was found once more. A symbolic link to it stays one."""

    def __init__(self, module, path):
        self.module = module
        self.path = path
        self.made = []
        try:
            self.link = os.readlink(path) if os.path.islink(path) else None
            # What a link leads to is written, so that the link stays.
            self.target = os.path.realpath(path)
            self.before = None
            self.status = None
            if os.path.exists(self.target):
                with open(self.target, 'rb') as file:
                    self.before = file.read()
                self.status = os.stat(self.target)
        except (IOError, OSError) as error:
            self.fail('read', error)

    @property
    def exists(self):
        return self.before is not None or self.link is not None

    def differs(self, content):
        """Whether the file has another content or mode than `put` would leave it with."""
        return self.before != content or stat.S_IMODE(self.status.st_mode) != MODE

    def put(self, content):
        """Writes the file, as a whole or not at all, and its directory if there is none."""
        try:
            self.make_directory(os.path.dirname(self.target))
            self.replace(content, MODE)
        except (IOError, OSError) as error:
            self.bring_back()
            self.fail('write', error)

    def remove(self):
        """Removes the file; of a link, only the link."""
        try:
            os.unlink(self.path)
        except (IOError, OSError) as error:
            self.fail('remove', error)

    def bring_back(self):
        """Leaves everything as it was found; says why if that is not possible."""
        try:
            if self.link is not None and not os.path.islink(self.path):
                os.symlink(self.link, self.path)
            if self.before is not None:
                self.replace(self.before, stat.S_IMODE(self.status.st_mode))
                os.chown(self.target, self.status.st_uid, self.status.st_gid)
            elif os.path.exists(self.target):
                os.unlink(self.target)
            for directory in reversed(self.made):
                os.rmdir(directory)
        except (IOError, OSError) as error:
            return 'the old `%s` could not be brought back: %s' % (self.path, error)
        return None

    def replace(self, content, mode):
        """Puts a new file in the place of the old one, once it is on the disk."""
        directory, name = os.path.split(self.target)
        # hairnat leaves hidden files out.
        handle, temporary = tempfile.mkstemp(prefix='.%s.' % name, dir=directory)
        try:
            with os.fdopen(handle, 'wb') as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, mode)
            # It sees to the owner and to the labels of SELinux.
            self.module.atomic_move(temporary, self.target)
        finally:
            if os.path.exists(temporary):
                os.unlink(temporary)
        os.chmod(self.target, mode)

    def make_directory(self, directory):
        if os.path.isdir(directory):
            return
        self.make_directory(os.path.dirname(directory))
        os.mkdir(directory)
        self.made.append(directory)
        os.chmod(directory, 0o755)

    def fail(self, verb, error):
        self.module.fail_json(
            msg='cannot %s `%s`: %s' % (verb, self.path, error.strerror or error)
        )
