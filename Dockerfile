# The image of web, worker, beat and migration alike; docker-compose.yml says which runs what.
FROM python:3.11-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --require-hashes -r requirements.txt

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    ENVIRONMENT=production VAR_DIR=/var/lib/opieka STATIC_ROOT=/srv/opieka-static
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin opieka \
    && mkdir -p /app /var/lib/opieka /srv/opieka-static \
    && chown opieka:opieka /var/lib/opieka /srv/opieka-static
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
USER opieka
# Static files belong to the image: a new image brings its own, whatever lies in the volume.
RUN SECRET_KEY=only-to-build CELERY_BROKER_URL=redis://none python manage.py collectstatic --noinput --verbosity 0
EXPOSE 8000
VOLUME /var/lib/opieka
CMD ["gunicorn", "crm.wsgi"]
