# One image for every part of Outreach; docker-compose.yml says which command each part runs.
FROM python:3.12.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/outreach
WORKDIR /build
# The locked dependencies are a layer of their own: a change of code does not install them again.
COPY requirements.txt ./
RUN /opt/outreach/bin/pip install --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY outreach outreach
RUN /opt/outreach/bin/pip install --no-deps --no-build-isolation .

FROM python:3.12.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /srv/outreach --create-home outreach
COPY --from=build /opt/outreach /opt/outreach
WORKDIR /srv/outreach
COPY config config
ENV PATH=/opt/outreach/bin:$PATH PYTHONUNBUFFERED=1
USER outreach
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["outreach", "web", "--host", "0.0.0.0", "--port", "8000"]
