# SPDX-License-Identifier: Apache-2.0
"""The prometheus exporter in the real process: what is sent by OTLP is scraped in each format, and the books say what was not shown."""
import gzip
import re
import ssl
import urllib.error
import urllib.request

import pytest
import zstandard
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from harness import clients, collector as process, otlp
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
OPEN_METRICS = "application/openmetrics-text;version=1.0.0"
NOW = 1767225600_000000000


def metric_family_class():
    """io.prometheus.client.MetricFamily, as far as it is read here, written down once more."""
    field = descriptor_pb2.FieldDescriptorProto
    kinds = {"string": field.TYPE_STRING, "double": field.TYPE_DOUBLE, "uint64": field.TYPE_UINT64, "int64": field.TYPE_INT64,
             "uint32": field.TYPE_UINT32, "int32": field.TYPE_INT32, "sint32": field.TYPE_SINT32, "sint64": field.TYPE_SINT64}
    messages = {
        "LabelPair": "1 name string, 2 value string",
        "Timestamp": "1 seconds int64, 2 nanos int32",
        "Exemplar": "1 label *LabelPair, 2 value double, 3 timestamp Timestamp",
        "Gauge": "1 value double",
        "Counter": "1 value double, 2 exemplar Exemplar, 3 created_timestamp Timestamp",
        "Quantile": "1 quantile double, 2 value double",
        "Summary": "1 sample_count uint64, 2 sample_sum double, 3 quantile *Quantile, 4 created_timestamp Timestamp",
        "Bucket": "1 cumulative_count uint64, 2 upper_bound double, 3 exemplar Exemplar",
        "BucketSpan": "1 offset sint32, 2 length uint32",
        "Histogram": "1 sample_count uint64, 2 sample_sum double, 3 bucket *Bucket, 5 schema sint32, 6 zero_threshold double,"
                     "7 zero_count uint64, 9 negative_span *BucketSpan, 10 negative_delta *sint64, 12 positive_span *BucketSpan,"
                     "13 positive_delta *sint64, 15 created_timestamp Timestamp",
        "Metric": "1 label *LabelPair, 2 gauge Gauge, 3 counter Counter, 4 summary Summary, 6 timestamp_ms int64, 7 histogram Histogram",
        "MetricFamily": "1 name string, 2 help string, 3 type int32, 4 metric *Metric",
    }
    file = descriptor_pb2.FileDescriptorProto(name="exposition.proto", package="exposition", syntax="proto2")
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for number, key, kind in (part.split() for part in fields.split(",")):
            label = field.LABEL_REPEATED if kind.startswith("*") else field.LABEL_OPTIONAL
            kind = kind.lstrip("*")
            added = message.field.add(name=key, number=int(number), label=label, type=kinds.get(kind, field.TYPE_MESSAGE))
            if kind not in kinds:
                added.type_name = f".exposition.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("exposition.MetricFamily"))


def families_of(body):
    """The delimited messages by name; every byte must belong to one."""
    family_class, families, at = metric_family_class(), {}, 0
    while at < len(body):
        length = shift = 0
        while True:
            byte = body[at]
            at, length, shift = at + 1, length | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                break
        family = family_class.FromString(body[at:at + length])
        families[family.name] = family
        at += length
    return families


class Lab:
    """otlp receiver -> prometheus exporter."""

    def __init__(self, **settings):
        self.grpc, self.http, self.port = process.free_port(), process.free_port(), process.free_port()
        self.config = {
            "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{self.grpc}"},
                                                 "http": {"endpoint": f"127.0.0.1:{self.http}"}}}},
            "exporters": {"prometheus": {"endpoint": f"127.0.0.1:{self.port}", **settings}},
            "service": {"pipelines": {"metrics": {"receivers": ["otlp"], "exporters": ["prometheus"]}}},
        }

    def scrape(self, accept=None, encoding=None, scheme="http", **options):
        """(headers, bytes) of one scrape."""
        request = urllib.request.Request(f"{scheme}://127.0.0.1:{self.port}/metrics")
        for name, value in (("Accept", accept), ("Accept-Encoding", encoding)):
            if value:
                request.add_header(name, value)
        with urllib.request.urlopen(request, timeout=20, **options) as answer:
            return answer.headers, answer.read()

    def samples(self, **how):
        """{"name{labels}": text of the value} of the text formats; no sample may be there twice."""
        found = {}
        for line in self.scrape(**how)[1].decode().splitlines():
            if line.startswith("#"):
                continue
            series, value = re.fullmatch(r"([A-Za-z_:][\w:]*(?:\{.*?\})?) (\S+)(?: # .*)?", line).groups()
            assert series not in found, line
            found[series] = value
        return found


def request(*metrics, **resource):
    """An ExportMetricsServiceRequest with one resource and one scope; each metric fills in one Metric."""
    message = otlp.REQUEST["metrics"]()
    one = message.resource_metrics.add()
    for key, value in {"service_name": "demo", **resource}.items():
        one.resource.attributes.add(key=key.replace("_", ".")).value.string_value = value
    scope = one.scope_metrics.add()
    scope.scope.name = "lib"
    for fill in metrics:
        fill(scope.metrics.add())
    return message


def counter(name, value, temporality=2, monotonic=True, exemplar=None):
    def fill(metric):
        metric.name, metric.description = name, f"About {name}."
        metric.sum.aggregation_temporality, metric.sum.is_monotonic = temporality, monotonic
        point = metric.sum.data_points.add(as_int=value, time_unix_nano=NOW, start_time_unix_nano=NOW - 5_000000000)
        if exemplar:
            point.exemplars.add(as_double=exemplar, time_unix_nano=NOW, trace_id=bytes(range(16)), span_id=bytes(range(8)))
    return fill


def gauges(name, values):
    def fill(metric):
        metric.name = name
        for index, value in enumerate(values):
            point = metric.gauge.data_points.add(as_double=value, time_unix_nano=NOW)
            point.attributes.add(key="index").value.int_value = index
    return fill


def exponential(name):
    def fill(metric):
        metric.name = name
        metric.exponential_histogram.aggregation_temporality = 2
        point = metric.exponential_histogram.data_points.add(time_unix_nano=NOW, count=8, sum=20, scale=3, zero_count=2)
        point.positive.offset, point.positive.bucket_counts[:] = -2, [1, 0, 0, 0, 5]
    return fill


def histogram(name):
    def fill(metric):
        metric.name, metric.unit = name, "s"
        metric.histogram.aggregation_temporality = 2
        metric.histogram.data_points.add(time_unix_nano=NOW, count=6, sum=20, bucket_counts=[3, 2, 1], explicit_bounds=[1, 5])
    return fill


def summary(name):
    def fill(metric):
        metric.name = name
        point = metric.summary.data_points.add(time_unix_nano=NOW, count=9, sum=20)
        point.quantile_values.add(quantile=0.5, value=2)
    return fill


SCOPE = 'otel_scope_name="lib",otel_scope_schema_url="",otel_scope_version=""'


def test_what_an_sdk_sends_is_shown(collector):
    lab = Lab(namespace="app", const_labels={"zone": "z"}, without_scope_info=True)
    sluice = collector(lab.config)
    exporter = OTLPMetricExporter(endpoint=f"127.0.0.1:{lab.grpc}", insecure=True)
    provider = MeterProvider(resource=Resource({"service.name": "shop", "service.instance.id": "1", "host.name": "h"}),
                             metric_readers=[PeriodicExportingMetricReader(exporter, 3_600_000)])
    meter = provider.get_meter("lib")
    meter.create_counter("orders", unit="{order}").add(3, {"kind": "big"})
    meter.create_up_down_counter("in.flight").add(-2)
    meter.create_histogram("latency", unit="ms", explicit_bucket_boundaries_advisory=[1, 10]).record(2.5)
    meter.create_gauge("fill", unit="1").set(0.25)
    provider.shutdown()
    labels = 'instance="1",job="shop",zone="z"'
    assert lab.samples() == {
        f'app_orders_total{{instance="1",job="shop",kind="big",zone="z"}}': "3",
        f"app_in_flight{{{labels}}}": "-2",
        f'app_latency_milliseconds_bucket{{{labels},le="1"}}': "0",
        f'app_latency_milliseconds_bucket{{{labels},le="10"}}': "1",
        f'app_latency_milliseconds_bucket{{{labels},le="+Inf"}}': "1",
        f"app_latency_milliseconds_sum{{{labels}}}": "2.5",
        f"app_latency_milliseconds_count{{{labels}}}": "1",
        f"app_fill_ratio{{{labels}}}": "0.25",
        'app_target_info{host_name="h",instance="1",job="shop"}': "1",
    }
    account = sluice.stop()
    assert account["received"] == account["delivered"] == 4


def test_every_format_shows_the_same(collector):
    lab = Lab(enable_open_metrics=True)
    collector(lab.config)
    sent = request(counter("hits", 7, exemplar=0.5), histogram("time"), exponential("size"), summary("rest"))
    assert clients.send_grpc(lab.grpc, "metrics", sent).code == 0

    headers, text = lab.scrape()
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4; charset=utf-8")
    assert text.decode().startswith("# HELP hits_total About hits.\n# TYPE hits_total counter\nhits_total{")
    headers, open_metrics = lab.scrape(accept=OPEN_METRICS)
    assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    lines = open_metrics.decode().splitlines()
    assert lines[-1] == "# EOF" and lines[:2] == ["# HELP hits About hits.", "# TYPE hits counter"]
    assert lines[2].endswith('7.0 # {span_id="0001020304050607",trace_id="000102030405060708090a0b0c0d0e0f"} 0.5 1.7672256e+09')

    numbers = {series.replace('.0"', '"'): float(value) for series, value in lab.samples(accept=OPEN_METRICS).items()}
    assert {series: float(value) for series, value in lab.samples().items()} == numbers
    assert numbers[f'time_seconds_bucket{{job="demo",{SCOPE},le="5"}}'] == 5
    assert numbers[f'size_bucket{{job="demo",{SCOPE},le="+Inf"}}'] == 8
    assert numbers[f'rest{{job="demo",{SCOPE},quantile="0.5"}}'] == 2

    headers, body = lab.scrape(accept=PROTOBUF)
    assert headers["Content-Type"].startswith("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily")
    families = families_of(body)
    assert list(families) == ["hits_total", "rest", "size", "time_seconds"]
    assert [family.type for family in families.values()] == [0, 2, 4, 4]
    hits = families["hits_total"].metric[0]
    assert [(label.name, label.value) for label in hits.label][0] == ("job", "demo")
    assert hits.counter.value == 7 and hits.counter.exemplar.value == 0.5
    assert hits.counter.created_timestamp.seconds == NOW // 10**9 - 5
    native = families["size"].metric[0].histogram
    assert (native.sample_count, native.sample_sum, native.schema, native.zero_count) == (8, 20, 3, 2)
    assert native.zero_threshold == 1e-128 and not native.bucket
    assert [(span.offset, span.length) for span in native.positive_span] == [(-1, 1), (3, 1)]
    assert list(native.positive_delta) == [1, 4]
    assert [(b.upper_bound, b.cumulative_count) for b in families["time_seconds"].metric[0].histogram.bucket] == [(1, 3), (5, 5)]
    assert families["rest"].metric[0].summary.quantile[0].value == 2


def test_what_cannot_be_shown_is_in_the_answer_and_in_the_books(collector):
    lab = Lab()
    sluice = collector(lab.config)
    answer = clients.send_grpc(lab.grpc, "metrics", request(counter("good", 1), counter("bad", 1, temporality=1, monotonic=False),
                                                            counter("worse", 1, temporality=0)))
    assert answer.code == 0
    assert answer.response.partial_success.rejected_data_points == 2
    assert 'metric "bad": changes of a sum that is not monotonic' in answer.response.partial_success.error_message
    assert list(lab.samples()) == [f'good_total{{job="demo",{SCOPE}}}']
    process.wait_until(lambda: "data points cannot be shown" in sluice.log())
    account = sluice.stop()
    assert account["received"] == 3 and account["delivered"] == 1


@pytest.mark.parametrize("encoding,unpack", [("gzip", gzip.decompress),
                                             ("zstd", lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body))])
def test_many_series_compressed(collector, encoding, unpack):
    lab = Lab(without_scope_info=True)
    collector(lab.config)
    number = 20_000
    assert clients.send_grpc(lab.grpc, "metrics", request(gauges("level", range(number)))).code == 0
    headers, body = lab.scrape(encoding=encoding)
    assert headers["Content-Encoding"] == encoding
    plain = lab.scrape()[1]
    assert unpack(body) == plain and len(body) < len(plain) / 4
    samples = plain.decode().splitlines()[2:]
    assert sorted(samples) == sorted(f'level{{index="{index}",job="demo"}} {index}' for index in range(number))
    assert samples == sorted(samples, key=lambda line: line.split('"')[1])


def test_series_end_when_nothing_comes(collector):
    lab = Lab(metric_expiration="300ms")
    collector(lab.config)
    assert clients.send_grpc(lab.grpc, "metrics", request(counter("hits", 1), service_instance_id="1")).code == 0
    process.wait_until(lambda: lab.scrape()[1] == b"", what="the series to expire")


def test_tls(collector, certificate):
    certificate_file, key_file = certificate("scraped", "IP:127.0.0.1")
    lab = Lab(tls={"cert_file": str(certificate_file), "key_file": str(key_file)})
    collector(lab.config)
    assert clients.send_grpc(lab.grpc, "metrics", request(counter("hits", 1))).code == 0
    trusting = ssl.create_default_context(cafile=str(certificate_file))
    assert b"hits_total{" in lab.scrape(scheme="https", context=trusting)[1]
    with pytest.raises(urllib.error.URLError):
        lab.scrape(scheme="https", context=ssl.create_default_context())


def test_names_with_any_character(collector):
    lab = Lab(translation_strategy="NoTranslation", without_scope_info=True)
    collector(lab.config)
    assert clients.send_grpc(lab.grpc, "metrics", request(gauges("disk.io", [7]))).code == 0
    escaped = lab.scrape(accept="text/plain;version=0.0.4")[1].decode()
    assert escaped.splitlines()[2] == 'disk_io{index="0",job="demo"} 7'
    quoted = lab.scrape(accept="text/plain;version=1.0.0;escaping=allow-utf-8")
    assert quoted[0]["Content-Type"].endswith("; escaping=allow-utf-8")
    assert quoted[1].decode().splitlines()[2] == '{"disk.io",index="0",job="demo"} 7'
