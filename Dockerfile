# The service in a container:  docker build -t intone .
#   docker run --rm -p 127.0.0.1:8000:8000 -e INTONE_TOKEN=... --read-only --tmpfs /tmp intone
# `docker stop --time 60` leaves it time to finish the answers that it has begun.

FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY recipes recipes
COPY src src
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --constraint constraints.txt '.[serve]'

FROM python:3.12-slim
COPY --from=build /venv /venv
RUN useradd --system --no-create-home intone
USER intone
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD \
    ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["intone", "serve", "--host", "0.0.0.0"]
