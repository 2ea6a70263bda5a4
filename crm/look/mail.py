"""Mails: HTML beside the text with its styles in the tags, and sending so that one knows what surely did not go out."""

from __future__ import annotations

import smtplib
from typing import Any

import css_inline
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string

_OPTIONS: dict[str, Any] = {
    "keep_style_tags": True,
    "keep_at_rules": True,
    "load_remote_stylesheets": False,
}
# Styles go into the tags, for programs that read none elsewhere; those for dark screens stay where they are.
_INLINER = css_inline.CSSInliner(**_OPTIONS)
_WITH_WIDTHS = css_inline.CSSInliner(**_OPTIONS, apply_width_attributes=True)


class NotTaken(Exception):
    """The mail server said no to one mail: it surely did not go out."""


class MailServerAway(NotTaken):
    """The mail server cannot be reached: nothing goes out."""


def add_html(
    mail: EmailMultiAlternatives, template: str, context: dict[str, Any], *, width_attributes: bool = False
) -> None:
    """The template as the mail's HTML. width_attributes: widths of tables also as attributes, for old programs."""
    inliner = _WITH_WIDTHS if width_attributes else _INLINER
    mail.attach_alternative(inliner.inline(render_to_string(template, context)), "text/html")


def deliver(mail: EmailMessage) -> None:
    """Send one mail. Raises NotTaken where it surely did not go out, and OSError where nobody can know."""
    connection = get_connection()
    try:
        connection.open()
    except OSError as error:  # smtplib's errors are ones
        raise MailServerAway(error) from error
    try:
        connection.send_messages([mail])
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
        raise NotTaken(error) from error
    finally:
        connection.close()
