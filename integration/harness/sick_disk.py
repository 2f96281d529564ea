"""A disk under one program that fails or is slow when a test says so: `sick_disk.c`, preloaded."""

import os
import subprocess

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sick_disk.c")


class SickDisk:
    """Builds the library once below `folder`; `environment` is for the program's start."""

    def __init__(self, folder):
        self.library = os.path.join(str(folder), "sick_disk.so")
        self.order_path = os.path.join(str(folder), "sick_disk.order")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.library, SOURCE, "-ldl"],
                       check=True, capture_output=True, text=True)
        self.be_well()

    @property
    def environment(self):
        return {"LD_PRELOAD": self.library, "SICK_DISK_ORDER": self.order_path}

    def be_well(self):
        self._order("")

    def fail(self):
        """From now on a sync of the program's log fails."""
        self._order("fail")

    def be_slow(self, milliseconds):
        self._order(f"slow {milliseconds}")

    def _order(self, text):
        with open(self.order_path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(self.order_path + ".new", self.order_path)
