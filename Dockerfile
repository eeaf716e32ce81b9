# docker build -t nnlab .
# docker run --rm --user "$(id -u)" -v "$PWD:/work" nnlab sweep         writes into the current folder
FROM python:3.13-slim AS build

WORKDIR /source
COPY requirements.lock ./
# uv at the version and with the hashes of the lock, as `make setup` has it
RUN sed -n '/^uv==/,/[^\\]$/p' requirements.lock > uv.txt \
    && pip install --no-cache-dir --require-hashes -r uv.txt \
    && python -m venv --without-pip /opt/nnlab
COPY pyproject.toml README.md LICENSE ./
COPY nnlab nnlab
COPY conf conf
COPY experiments experiments
ARG EXTRAS=heic
RUN uv pip install --no-cache --compile-bytecode --python /opt/nnlab/bin/python \
    --constraint requirements.lock --build-constraint requirements.lock ".[$EXTRAS]"

FROM python:3.13-slim

RUN useradd --create-home --uid 1000 nnlab && install --directory --owner nnlab /work
COPY --from=build /opt/nnlab /opt/nnlab
# any user of --user may write to this HOME and has a name; the work folder is nnlab's home
ENV PATH="/opt/nnlab/bin:$PATH" HOME=/tmp USER=nnlab
USER 1000
WORKDIR /work
EXPOSE 5000
ENTRYPOINT ["nnlab"]
CMD ["--help"]
