from django.urls import include, path, register_converter

from accounts.views import editing, lists, pages

app_name = "accounts"

register_converter(pages.TabConverter, "account_tab")

of_accounts = [
    path("", lists.account_list, name="list"),
    path("new/", editing.account_new, name="new"),
    path("<int:pk>/", pages.account, name="detail"),
    path("<int:pk>/<account_tab:slug>/", pages.account, name="tab"),
    path("<int:pk>/edit/", editing.account_edit, name="edit"),
    path("<int:pk>/archive/", editing.account_archive, name="archive"),
    path("<int:pk>/undo/<int:version>/", editing.account_undo, name="undo"),
    path("<int:pk>/purchases/<int:purchase_pk>/", pages.purchase, name="purchase"),
    path("<int:pk>/persons/new/", editing.person_new, name="person_new"),
    path("<int:pk>/persons/<int:person_pk>/", editing.person_edit, name="person_edit"),
    path("<int:pk>/persons/<int:person_pk>/undo/<int:version>/", editing.person_undo, name="person_undo"),
]

urlpatterns = [
    path("accounts/", include(of_accounts)),
    path("purchases/", lists.purchase_list, name="purchases"),
]
