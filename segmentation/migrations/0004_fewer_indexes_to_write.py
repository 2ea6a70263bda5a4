"""A run writes 200,000 assessments and thousands of changes: no index that another one serves as well."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0012_tier_in_no_index'),
        ('segmentation', '0003_assessments_without_row_checks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='tierchange',
            name='tier_change_state_run',
        ),
        migrations.AlterField(
            model_name='tierassessment',
            name='account',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='assessments', to='accounts.account'),
        ),
        migrations.AlterField(
            model_name='tierchange',
            name='actor',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='tierchange',
            name='pin',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='segmentation.tierpin'),
        ),
        migrations.AlterField(
            model_name='tierchange',
            name='run',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='segmentation.tieringrun'),
        ),
        migrations.AddIndex(
            model_name='tierchange',
            index=models.Index(fields=['run', 'state'], name='tier_change_run_state'),
        ),
        migrations.AddIndex(
            model_name='tierchange',
            index=models.Index(condition=models.Q(('pin__isnull', False)), fields=['pin'], name='tier_change_pin'),
        ),
        migrations.AddIndex(
            model_name='tierchange',
            index=models.Index(condition=models.Q(('actor__isnull', False)), fields=['actor'], name='tier_change_actor'),
        ),
    ]
