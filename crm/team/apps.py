from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class TeamConfig(AppConfig):
    name = "crm.team"
    label = "team"


class BackOfficeConfig(AdminConfig):
    """Django's admin with our own site (crm.team.back_office)."""

    default_site = "crm.team.back_office.BackOffice"
