"""The list of thousands of changes adds up what is at stake, and need not ask the assessments for it."""

from django.db import migrations, models


FILL = """
UPDATE segmentation_tierchange SET
    revenue_cents = COALESCE((SELECT s.revenue_cents FROM segmentation_tierassessment s
        WHERE s.run_id = segmentation_tierchange.run_id AND s.account_id = segmentation_tierchange.account_id), 0),
    complaints = COALESCE((SELECT s.complaints FROM segmentation_tierassessment s
        WHERE s.run_id = segmentation_tierchange.run_id AND s.account_id = segmentation_tierchange.account_id), 0)
WHERE run_id IS NOT NULL
"""


class Migration(migrations.Migration):

    dependencies = [
        ('segmentation', '0005_policies_tried_before_they_begin'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicaltierchange',
            name='complaints',
            field=models.PositiveIntegerField(default=0, verbose_name='complaints'),
        ),
        migrations.AddField(
            model_name='historicaltierchange',
            name='revenue_cents',
            field=models.BigIntegerField(default=0, verbose_name='at stake'),
        ),
        migrations.AddField(
            model_name='tierchange',
            name='complaints',
            field=models.PositiveIntegerField(default=0, verbose_name='complaints'),
        ),
        migrations.AddField(
            model_name='tierchange',
            name='revenue_cents',
            field=models.BigIntegerField(default=0, verbose_name='at stake'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
