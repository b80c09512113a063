"""Test-only plug-in: plays a script of steps in a running Krita, writes what it found as JSON and quits.

Each step starts in Krita's own event loop: in a nested one Krita has no active layer.
"""

import faulthandler
import json
import os
import subprocess
import sys
import time
import traceback

from krita import Extension, Krita
from PyQt5.QtCore import QTimer


class Driver(Extension):
    def setup(self):
        self.result = {"ok": False, "error": "no window came up"}
        self.notifier = Krita.instance().notifier()
        self.notifier.setActive(True)
        self.notifier.windowCreated.connect(lambda: QTimer.singleShot(200, self.start))

    def createActions(self, window):  # noqa: N802
        pass

    def start(self):
        faulthandler.enable(sys.__stderr__.fileno())
        sys.excepthook = self.hook  # Krita's own opens a modal dialog
        space = {"__name__": "steps", "RESULT": self.result}
        path = os.environ["HANDTINT_DRIVER_SCRIPT"]
        sys.path.insert(0, os.path.dirname(path))
        self.errors = []
        try:
            with open(path) as file:
                exec(compile(file.read(), path, "exec"), space)
            self.steps = space["steps"]()
        except BaseException:
            self.finish(traceback.format_exc())
            return
        self.step()

    def hook(self, kind, error, trace):
        self.errors.append("".join(traceback.format_exception(kind, error, trace)))

    def step(self):
        try:
            wanted = next(self.steps)
        except StopIteration:
            self.finish("\n".join(self.errors))
        except BaseException:
            self.finish(traceback.format_exc() + "\n".join(self.errors))
        else:
            if callable(wanted):
                self.wait(wanted, time.monotonic() + 60)
            else:
                QTimer.singleShot(int(wanted * 1000), self.step)

    def wait(self, condition, end):
        try:
            met = condition()
        except BaseException:
            self.finish(traceback.format_exc())
            return
        if met:
            QTimer.singleShot(0, self.step)
        elif time.monotonic() > end:
            line = self.steps.gi_frame.f_lineno
            self.finish(f"the condition of line {line} was not met; so far: {self.result}\n" + "\n".join(self.errors))
        else:
            QTimer.singleShot(20, lambda: self.wait(condition, end))

    def finish(self, error):
        self.result.update(ok=not error, error=error)
        if error:
            picture = os.path.join(os.environ["HANDTINT_SCRATCH"], "failure.png")
            subprocess.run(["import", "-window", "root", picture], timeout=20)
        path = os.environ["HANDTINT_DRIVER_OUT"]
        with open(path + ".part", "w") as file:
            json.dump(self.result, file, default=str)
        os.replace(path + ".part", path)
        for document in Krita.instance().documents():
            document.setBatchmode(True)
            document.setModified(False)
        QTimer.singleShot(0, lambda: Krita.instance().action("file_quit").trigger())


Krita.instance().addExtension(Driver(Krita.instance()))
