"""What the product costs at full size: a generated company, `make bench`, `make load` (docs/operating.md, "Measuring").

Its modules are run by `python -m benchmarks...`, so the package sets Django up before they import models.
"""

import os

import django
from django.apps import apps

if not apps.ready:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    django.setup()
