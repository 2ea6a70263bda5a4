from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "crm.jobs"
    label = "jobs"

    def ready(self) -> None:
        """Let every app register its kinds of job: pages name them in processes that work none off."""
        autodiscover_modules("tasks")
