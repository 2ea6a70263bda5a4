from django.apps import AppConfig


class LookConfig(AppConfig):
    name = "crm.look"
    label = "look"
