"""Reasons are rows that an admin maintains. Decisions keep the codes they have: nothing of theirs is rewritten."""

from django.db import migrations, models
from django.db.models import Q

import crm.look.words

# As they were when they were fixed in the code.
FIRST = (
    ("competitor_prices", "Competitor cut prices", "fell"),
    ("delivery", "Delivery problems", "fell"),
    ("personality", "Personality conflict", "fell"),
    ("lost_person", "Lost key person", "fell"),
    ("neglect", "We neglected them", "fell"),
    ("price_driven", "Price driven", "both"),
    ("payment", "Payment trouble", "both"),
    ("seasonal", "Seasonal", "both"),
    ("growing_need", "Growing need", "rose"),
    ("won_share", "Won share", "rose"),
    ("other", "Other", "both"),
)


def fill(apps, schema_editor):
    reason = apps.get_model("segmentation", "Reason")
    reason.objects.bulk_create(
        reason(code=code, name=name, position=place, offered=offered)
        for place, (code, name, offered) in enumerate(FIRST, 1)
    )


class Migration(migrations.Migration):

    dependencies = [
        ('segmentation', '0007_comments_on_proposals'),
    ]

    operations = [
        migrations.CreateModel(
            name='Reason',
            fields=[
                ('code', models.SlugField(max_length=20, primary_key=True, serialize=False, verbose_name='code')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='name')),
                ('position', models.PositiveSmallIntegerField(default=100, verbose_name='position')),
                ('active', models.BooleanField(default=True, verbose_name='in use')),
                ('offered', models.CharField(choices=[('both', 'Up and down'), ('fell', 'Down only'), ('rose', 'Up only')], default='both', max_length=4, verbose_name='offered for')),
            ],
            options={
                'verbose_name': 'reason of a tier change',
                'verbose_name_plural': 'reasons of tier changes',
                'ordering': ['position', 'code'],
            },
            bases=(crm.look.words.Worded, models.Model),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        # Choices are no part of the database: neither table is rebuilt.
        migrations.AlterField(
            model_name='historicaltierchange',
            name='reason',
            field=models.CharField(blank=True, max_length=20, verbose_name='reason'),
        ),
        migrations.AlterField(
            model_name='tierchange',
            name='reason',
            field=models.CharField(blank=True, max_length=20, verbose_name='reason'),
        ),
        migrations.AddIndex(
            model_name='tierchange',
            index=models.Index(condition=~Q(reason=''), fields=['reason'], name='tier_change_reason'),
        ),
    ]
