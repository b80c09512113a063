"""Entry for kritarunner: runs pytest inside Krita's own Python and passes its verdict on as exit status."""

import os
import sys
import traceback


def __main__(args):  # noqa: N807 - the name that kritarunner calls
    code = 3
    try:
        import pytest

        code = int(pytest.main(list(args)))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # kritarunner itself always ends with 0
