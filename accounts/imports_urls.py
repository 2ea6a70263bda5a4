from django.urls import path

from accounts.views import import_sources, imports, undoing

app_name = "imports"

urlpatterns = [
    path("", imports.import_list, name="list"),
    path("new/", imports.new, name="new"),
    path("presets/", import_sources.preset_list, name="presets"),
    path("presets/<int:pk>/", import_sources.preset_detail, name="preset"),
    path("presets/<int:pk>/delete/", import_sources.preset_delete, name="preset_delete"),
    path("sources/", import_sources.source_list, name="sources"),
    path("sources/new/", import_sources.source_new, name="source_new"),
    path("sources/<int:pk>/", import_sources.source_detail, name="source"),
    path("sources/<int:pk>/secret/", import_sources.source_secret, name="source_secret"),
    path("sources/<int:pk>/secret/revoke/", import_sources.source_revoke, name="source_revoke"),
    path("sources/<int:pk>/delete/", import_sources.source_delete, name="source_delete"),
    path("deliver/", import_sources.deliver_file, name="deliver"),
    path("deliver/<uuid:uuid>/", import_sources.delivery, name="delivery"),
    path("result/<int:pk>/", undoing.result, name="result"),
    path("result/<int:pk>/progress/", undoing.progress, name="undo_progress"),
    path("result/<int:pk>/undo/", undoing.undo, name="undo"),
    path("<uuid:uuid>/", imports.upload_page, name="upload"),
    path("<uuid:uuid>/progress/", imports.progress, name="progress"),
    path("<uuid:uuid>/import/", imports.start, name="import"),
    path("<uuid:uuid>/rejected/", imports.rejected, name="rejected"),
    path("<uuid:uuid>/preset/", imports.preset_save, name="preset_save"),
    path("<uuid:uuid>/discard/", imports.discard, name="discard"),
]
