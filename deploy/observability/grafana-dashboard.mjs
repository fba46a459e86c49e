// Writes grafana-dashboard.json: node grafana-dashboard.mjs > grafana-dashboard.json
// Edit this file, not the JSON: what panels have in common stands here once.
// Queries name metrics, not recording rules, so that the dashboard works in a Prometheus that has none of them.

const datasource = { type: 'prometheus', uid: '${datasource}' };

// Every metric is asked of the chosen proxies; by enclave where it has that label.
const I = 'instance=~"$instance"';
const E = `${I}, enclave=~"$enclave"`;

const rate = (metric, labels = I) => `rate(${metric}{${labels}}[$__rate_interval])`;
const perSecond = (by, metric, labels = I) => `sum by (${by}) (${rate(metric, labels)})`;
const quantile = (q, metric, by = 'enclave') => `histogram_quantile(${q}, sum by (${by ? `${by}, ` : ''}le) (${rate(`${metric}_bucket`, by === 'enclave' ? E : I)}))`;

const query = (expr, legend, more = {}) => ({ expr, legendFormat: legend, ...more });
/** p50, p95 and p99 of one histogram over all chosen enclaves. */
const quantiles = metric => [0.5, 0.95, 0.99].map(q =>
  query(`histogram_quantile(${q}, sum by (le) (${rate(`${metric}_bucket`, E)}))`, `p${q * 100}`));

/** A graph over time. */
const graph = (title, description, unit, queries, more = {}) => ({
  type: 'timeseries', title, description, queries, width: 8, height: 8,
  fieldConfig: {
    defaults: { unit, min: 0, custom: { lineWidth: 1, fillOpacity: more.stack ? 30 : 8, showPoints: 'never', stacking: { mode: more.stack ? 'normal' : 'none', group: 'A' } }, ...more.defaults },
    overrides: more.overrides ?? [],
  },
  options: { legend: { displayMode: 'list', placement: 'bottom', showLegend: true }, tooltip: { mode: 'multi', sort: 'desc' } },
  ...more.panel,
});

/** The latest value, large. */
const stat = (title, description, unit, queries, steps = [{ color: 'green', value: null }], more = {}) => ({
  type: 'stat', title, description, queries, width: 4, height: 4,
  fieldConfig: { defaults: { unit, thresholds: { mode: 'absolute', steps }, mappings: more.mappings ?? [] }, overrides: [] },
  options: { colorMode: 'value', graphMode: 'none', justifyMode: 'auto', textMode: more.textMode ?? 'auto', reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false } },
  ...more.panel,
});

const table = (title, description, expr, hidden, more = {}) => ({
  type: 'table', title, description, width: 24, height: 6, queries: [query(expr, '', { format: 'table', instant: true })],
  fieldConfig: { defaults: {}, overrides: [] }, options: { showHeader: true },
  transformations: [{ id: 'organize', options: { excludeByName: Object.fromEntries(['Time', 'Value', '__name__', 'job', 'otel_scope_name', 'otel_scope_version', ...hidden].map(name => [name, true])) } }],
  ...more,
});

const color = (name, value) => ({ matcher: { id: 'byName', options: name }, properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: value } }] });
const steps = (...pairs) => pairs.map(([value, color]) => ({ value, color }));

const STATES = [['healthy', 'green'], ['starting', 'blue'], ['draining', 'purple'], ['ejected', 'orange'], ['unhealthy', 'red'], ['untrusted', 'dark-red'], ['gone', 'gray']];
// A state that this version does not know has no series: 'or' leaves it out, where a sum would be nothing at all.
const stateNumber = `max by (instance, enclave) (\n  ${STATES.map(([state], i) => `${i + 1} * parentproxy_enclave_state{${E}, state="${state}"}`).join('\n  or ')})`;

const rows = {
  'Now': [
    stat('Healthy enclaves', 'As /health counts them.', 'short', [query(`sum(parentproxy_enclaves_healthy{${I}})`, '')], steps([null, 'red'], [1, 'green'])),
    stat('Known enclaves', 'Configured or discovered.', 'short', [query(`sum(parentproxy_enclaves_known{${I}})`, '')]),
    stat('Required', 'Health:MinHealthy, the most of the chosen proxies: below it /health answers 503.', 'short', [query(`max(parentproxy_enclaves_required{${I}})`, '')]),
    stat('Requests', 'Of all chosen proxies.', 'reqps', [query(`sum(${rate('parentproxy_requests_total')})`, '')]),
    stat('Failed', 'Share of the requests that were answered with 500 or more.', 'percentunit',
      [query(`(sum(${rate('parentproxy_requests_total', `${I}, code=~"5.."`)}) or vector(0)) / sum(${rate('parentproxy_requests_total')})`, '')], steps([null, 'green'], [0.001, 'orange'], [0.01, 'red'])),
    stat('p99', 'Of whole requests.', 's', [query(quantile(0.99, 'parentproxy_request_duration_seconds', ''), '')], steps([null, 'green'], [1, 'orange'], [5, 'red'])),
    stat('Up, ready', 'Proxies that Prometheus can scrape, and of them those that should get traffic, as /health/ready tells.', 'short',
      [query(`sum(up{job="parent-proxy", ${I}})`, 'up'), query(`sum(parentproxy_ready{${I}})`, 'ready')], steps([null, 'red'], [1, 'green'])),
    stat('Draining', 'Proxies that are stopping.', 'short', [query(`sum(parentproxy_draining{${I}})`, '')], steps([null, 'green'], [1, 'orange'])),
    stat('Configuration', 'Whether the last reload took effect.', 'short', [query(`min(parentproxy_config_last_reload_successful{${I}})`, '')], steps([null, 'red'], [1, 'green']),
      { mappings: [{ type: 'value', options: { 0: { text: 'refused' }, 1: { text: 'in effect' } } }] }),
    stat('Configuration since', 'When the one in effect took effect.', 'dateTimeFromNow', [query(`1000 * max(parentproxy_config_last_reload_success_timestamp_seconds{${I}})`, '')]),
    stat('Started', 'The proxy that started last.', 'dateTimeFromNow', [query(`1000 * max(process_start_time_seconds{job="parent-proxy", ${I}})`, '')]),
    stat('Version', '', 'short', [query(`parentproxy_build_info{${I}}`, '{{version}}')], undefined, { textMode: 'name' }),
  ],
  'Traffic and errors': [
    graph('Requests by status', '499: the client was gone before the head of the answer.', 'reqps', [query(perSecond('code', 'parentproxy_requests_total', E), '{{code}}')], { stack: true }),
    graph('Requests by enclave', 'none: no enclave was reached.', 'reqps', [query(perSecond('enclave', 'parentproxy_requests_total', E), '{{enclave}}')], { stack: true }),
    graph('Share of failed requests', 'Answered with 500 or more, by enclave, as a share of all requests of the chosen ones. The alert stands at 1 % of all.', 'percentunit',
      [query(`${perSecond('enclave', 'parentproxy_requests_total', `${E}, code=~"5.."`)} / ignoring (enclave) group_left () sum(${rate('parentproxy_requests_total', E)})`, '{{enclave}}')], { stack: true }),
    graph('Requests by method', '', 'reqps', [query(perSecond('method', 'parentproxy_requests_total', E), '{{method}}')], { stack: true }),
    graph('Bodies', 'Bytes of bodies, tunnels included: from clients, to clients.', 'Bps', [
      query(`sum(${rate('parentproxy_request_bytes_total', E)})`, 'from clients'), query(`sum(${rate('parentproxy_response_bytes_total', E)})`, 'to clients')]),
    graph('Refused and waiting', 'Requests that got 503 over a limit (per second), and those that wait for a connection or for an enclave (their number).', 'short', [
      query(perSecond('limit', 'parentproxy_requests_rejected_total'), 'refused: {{limit}}'), query(`sum by (reason) (parentproxy_requests_waiting{${I}})`, 'waiting: {{reason}}')]),
  ],
  'Latency': [
    graph('Whole requests', 'From arrival to end. Long with a short time to first byte: a slow client, or a long answer.', 's', quantiles('parentproxy_request_duration_seconds')),
    graph('Whole requests by enclave, p99', 'The alert stands at 5 s.', 's', [query(quantile(0.99, 'parentproxy_request_duration_seconds'), '{{enclave}}')]),
    graph('Time to first byte', 'From the connection to the head of the answer: the application in the enclave.', 's', quantiles('parentproxy_time_to_first_byte_seconds')),
    graph('Queue', 'From arrival until there was a connection, the dial not counted: all were busy, or no enclave was usable.', 's', quantiles('parentproxy_request_queue_duration_seconds')),
    graph('Connect', 'One dial to an enclave.', 's', quantiles('parentproxy_connect_duration_seconds')),
    graph('By enclave, p95', 'The same three parts, to find the enclave that stands out.', 's', [
      query(quantile(0.95, 'parentproxy_time_to_first_byte_seconds'), 'first byte {{enclave}}'),
      query(quantile(0.95, 'parentproxy_request_queue_duration_seconds'), 'queue {{enclave}}'),
      query(quantile(0.95, 'parentproxy_connect_duration_seconds'), 'connect {{enclave}}')]),
  ],
  'Enclaves': [
    {
      type: 'state-timeline', title: 'State', description: 'healthy gets traffic, the others get none (starting: requests wait).', width: 24, height: 8,
      queries: [query(stateNumber, '{{enclave}} ({{instance}})')],
      fieldConfig: {
        defaults: {
          custom: { lineWidth: 0, fillOpacity: 80 }, color: { mode: 'thresholds' }, thresholds: { mode: 'absolute', steps: [{ color: 'gray', value: null }] },
          mappings: [{ type: 'value', options: Object.fromEntries(STATES.map(([state, color], i) => [i + 1, { text: state, color, index: i }])) }],
        },
        overrides: [],
      },
      options: { mergeValues: true, showValue: 'auto', alignValue: 'left', rowHeight: 0.9, legend: { showLegend: false }, tooltip: { mode: 'single' } },
    },
    graph('Requests in flight', 'Tunnels included.', 'short', [query(`sum by (enclave) (parentproxy_requests_in_flight{${E}})`, '{{enclave}}')]),
    graph('Connections', 'active: with a request. idle: kept for the next. tunnel: upgraded (WebSocket).', 'short', [query(`sum by (enclave, state) (parentproxy_enclave_connections{${E}})`, '{{enclave}} {{state}}')], { stack: true }),
    graph('Dials that failed, by errno', 'docs/troubleshooting.md (Errors by name) says what each means. canceled: the request no longer wanted it.', 'ops', [query(perSecond('enclave, result', 'parentproxy_connects_total', `${E}, result!="ok"`), '{{enclave}} {{result}}')]),
    graph('Dials that succeeded', 'Many of them: connections are not reused.', 'ops', [query(perSecond('enclave', 'parentproxy_connects_total', `${E}, result="ok"`), '{{enclave}}')]),
    graph('Probes', 'By result.', 'ops', [query(perSecond('enclave, result', 'parentproxy_probes_total', E), '{{enclave}} {{result}}')]),
    graph('Probes, p95', 'From the dial to the verdict.', 's', [query(quantile(0.95, 'parentproxy_probe_duration_seconds'), '{{enclave}}')]),
    graph('Requests to backups', 'Above 0: no enclave is usable that is no Backup.', 'reqps', [query(`sum by (enclave) (${rate('parentproxy_requests_total', E)} * on (instance, enclave) group_left () (parentproxy_enclave_backup{${E}} == 1))`, '{{enclave}}')]),
    graph('State changes', 'Per minute. An enclave that comes and goes flaps.', 'short', [query(`60 * ${perSecond('enclave', 'parentproxy_enclave_state_changes_total', E)}`, '{{enclave}}')]),
    graph('CPU inside', 'As parent-proxy enclave tells, or an exporter inside (Admin:EnclaveMetricsPath).', 'percentunit', [query(`1 - avg by (enclave) (rate(node_cpu_seconds_total{job="parent-proxy-enclaves", ${E}, mode="idle"}[$__rate_interval]))`, '{{enclave}}')], { defaults: { max: 1 } }),
    graph('Memory inside', 'Where an exporter inside is relayed.', 'percentunit', [query(`1 - node_memory_MemAvailable_bytes{job="parent-proxy-enclaves", ${E}} / node_memory_MemTotal_bytes{job="parent-proxy-enclaves", ${E}}`, '{{enclave}}')], { defaults: { max: 1 } }),
    graph('Restarts of the application', 'Per minute, as parent-proxy enclave tells.', 'short', [query(`60 * ${perSecond('enclave', 'parentproxy_inside_application_restarts_total', `job="parent-proxy-enclaves", ${E}`)}`, '{{enclave}}')]),
    graph('Clock inside', 'Against the parent; above one second there is an alert.', 's', [query(`max by (enclave) (parentproxy_inside_clock_offset_seconds{job="parent-proxy-enclaves", ${E}})`, '{{enclave}}')]),
    graph('Attestation', 'By result; docs/attestation.md (Reason codes) says what each means.', 'ops', [query(perSecond('enclave, result', 'parentproxy_attestation_checks_total', E), '{{enclave}} {{result}}')]),
    graph('Verified last', 'How long ago an attestation document of the enclave passed.', 's', [query(`time() - max by (enclave) (parentproxy_attestation_verified_timestamp_seconds{${E}})`, '{{enclave}}')]),
    stat('Not proven', 'Enclaves whose attestation is rejected, or failed.', 'short', [query(`sum(parentproxy_attestation_verdict{${E}, verdict=~"rejected|failed"}) or vector(0)`, '')], steps([null, 'green'], [1, 'red'])),
    table('How they are asked for attestation', 'trust is aws, or custom for any other root.', `parentproxy_attestation_info{${I}}`, []),
    table('Where they are', '', `parentproxy_enclave_info{${E}}`, []),
  ],
  'Retries and failover': [
    graph('Tried once more, by reason', 'connect, busy: nothing had been sent. idle, reset, moved: sent again.', 'ops', [query(perSecond('reason', 'parentproxy_retries_total'), '{{reason}}')], { stack: true }),
    graph('Sent again, as a share of all requests', 'The budget is a limit of the proxy; above 80 % of it there is an alert.', 'percentunit', [
      query(`sum(${rate('parentproxy_retries_total', `${I}, reason=~"idle|reset|moved"`)}) / sum(${rate('parentproxy_requests_total')})`, 'sent again'),
      query(`max(parentproxy_retry_budget_ratio{${I}})`, 'budget')], { overrides: [color('budget', 'red')] }),
    graph('Refused for the budget', 'Requests that failed and could have been sent again.', 'ops', [query(`sum(${rate('parentproxy_retries_denied_total')})`, 'refused')]),
    graph('Failovers', 'Requests that left this enclave for another one.', 'ops', [query(perSecond('enclave', 'parentproxy_failovers_total', E), '{{enclave}}')]),
    graph('Ejections', 'How often traffic showed that an enclave is out, per minute.', 'short', [query(`60 * ${perSecond('enclave', 'parentproxy_ejections_total', E)}`, '{{enclave}}')]),
  ],
  'Discovery': [
    graph('Age', 'Since nitro-cli last told of the enclaves. The alert stands at the larger of 60 s and five intervals.', 's', [
      query(`max by (instance) (parentproxy_discovery_age_seconds{${I}})`, '{{instance}}'), query(`max(parentproxy_discovery_interval_seconds{${I}})`, 'interval')]),
    graph('Calls of nitro-cli', '', 'ops', [query(`sum(${rate('parentproxy_discovery_calls_total')})`, 'calls'), query(`sum(${rate('parentproxy_discovery_failures_total')})`, 'failed')], { overrides: [color('failed', 'red')] }),
    graph('CPUs and memory of the enclaves', 'As nitro-cli tells.', 'short', [
      query(`max by (enclave) (parentproxy_enclave_cpus{${E}})`, '{{enclave}} CPUs'), query(`max by (enclave) (parentproxy_enclave_memory_bytes{${E}})`, '{{enclave}} memory')],
      { overrides: [{ matcher: { id: 'byRegexp', options: '/ memory$/' }, properties: [{ id: 'unit', value: 'bytes' }, { id: 'custom.axisPlacement', value: 'right' }] }] }),
    stat('In debug mode', 'Enclaves whose memory is no secret.', 'short', [query(`sum(parentproxy_enclave_debug{${E}}) or vector(0)`, '')], steps([null, 'green'], [1, 'red'])),
  ],
  'Process and runtime': [
    graph('CPU', 'Cores in use.', 'short', [query(`rate(process_cpu_seconds_total{job="parent-proxy", ${I}}[$__rate_interval])`, '{{instance}}')]),
    graph('Memory', '', 'bytes', [
      query(`process_resident_memory_bytes{job="parent-proxy", ${I}}`, 'resident {{instance}}'),
      query(`sum by (instance) (dotnet_gc_last_collection_heap_size_bytes{${I}})`, 'managed heap {{instance}}')]),
    graph('Address space', 'Reserved, for the most part.', 'bytes', [query(`process_virtual_memory_bytes{job="parent-proxy", ${I}}`, '{{instance}}')]),
    graph('Descriptors', 'Alert at 80 % of the limit.', 'short', [
      query(`process_open_fds{job="parent-proxy", ${I}}`, 'open {{instance}}'), query(`process_max_fds{job="parent-proxy", ${I}}`, 'limit {{instance}}')]),
    graph('Threads', 'Requests do not need the pool: many threads in it mean that something blocks.', 'short', [
      query(`process_threads{job="parent-proxy", ${I}}`, 'all {{instance}}'), query(`parentproxy_thread_pool_threads{${I}}`, 'pool {{instance}}'),
      query(`dotnet_thread_pool_queue_length_total{${I}}`, 'pool queue {{instance}}')]),
    graph('Garbage collection', 'Share of the time in which it stops the program, and collections per second by generation.', 'percentunit', [
      query(`sum by (instance) (${rate('dotnet_gc_pause_time_seconds_total')})`, 'pause {{instance}}'),
      query(perSecond('gc_heap_generation', 'dotnet_gc_collections_total'), '{{gc_heap_generation}}')],
      { overrides: [{ matcher: { id: 'byRegexp', options: '/^gen/' }, properties: [{ id: 'unit', value: 'ops' }, { id: 'custom.axisPlacement', value: 'right' }] }] }),
    graph('Allocations', '', 'Bps', [query(rate('dotnet_gc_heap_total_allocated_bytes_total'), '{{instance}}')]),
    graph('Exceptions', 'By type. A few are normal: clients leave.', 'ops', [query(perSecond('error_type', 'dotnet_exceptions_total'), '{{error_type}}')]),
    graph('Configuration reloads', 'Per minute.', 'short', [query(`60 * ${perSecond('result', 'parentproxy_config_reloads_total')}`, '{{result}}')]),
    graph('Access log', 'Lines per second, and those that could not be written.', 'short', [
      query(`sum(${rate('parentproxy_access_log_lines_total')})`, 'lines'), query(`sum(${rate('parentproxy_access_log_dropped_total')})`, 'dropped')], { overrides: [color('dropped', 'red')] }),
  ],
  'Client side': [
    graph('Connections', 'Open, by listener.', 'short', [query(`sum by (listener) (parentproxy_client_connections{${I}})`, '{{listener}}')]),
    graph('Connections refused', 'Over Limits:MaxConnections, or for their PROXY header.', 'ops', [
      query(perSecond('listener', 'parentproxy_client_connections_rejected_total'), '{{listener}}'),
      query(perSecond('listener, reason', 'parentproxy_client_connections_refused_total'), '{{listener}} {{reason}}'),
    ]),
    graph('New connections', 'Many of them: clients, or the ALB, do not keep connections.', 'ops', [query(`sum(${rate('kestrel_connection_duration_seconds_count')})`, 'per second')]),
    graph('How long connections last', 'Long ones are good.', 's', [0.5, 0.95].map(q => query(`histogram_quantile(${q}, sum by (le) (${rate('kestrel_connection_duration_seconds_bucket')}))`, `p${q * 100}`))),
    graph('Connections that ended with an error', 'By what Kestrel calls it.', 'ops', [query(perSecond('error_type', 'kestrel_connection_duration_seconds_count', `${I}, error_type!=""`), '{{error_type}}')]),
    graph('Requests refused', 'For what they are, by the proxy or by Kestrel. A flood of them is somebody who tries something out.', 'ops', [query(perSecond('reason', 'parentproxy_requests_refused_total'), '{{reason}}')], { stack: true }),
    graph('Requests over a rate limit', 'Answered with 429 over Limits:RateLimits. client: one of them asks too often; total: all of them together do.', 'ops', [query(perSecond('path, scope', 'parentproxy_rate_limited_requests_total'), '{{path}} {{scope}}')], { stack: true }),
    graph('Ends of WebSockets', 'closed: in order. cut_by_enclave: a crash, or an application that drops its clients.', 'ops', [query(perSecond('reason', 'parentproxy_tunnels_ended_total', E), '{{reason}}')], { stack: true, overrides: [color('cut_by_enclave', 'red')] }),
    graph('Requests as the server sees them', 'With what the proxy answers itself (/health, the admin listener).', 'reqps', [
      query(perSecond('http_response_status_code', 'http_server_request_duration_seconds_count'), '{{http_response_status_code}}')], { stack: true }),
  ],
  'Passthrough': [
    graph('Connections', 'Open, by listener.', 'short', [query(`sum by (listener) (parentproxy_passthrough_open_connections{${I}})`, '{{listener}}')]),
    graph('Ends of connections', 'client, enclave: in order, and who ended first.', 'ops', [query(perSecond('end', 'parentproxy_passthrough_connections_total', E), '{{end}}')], { stack: true, overrides: [color('enclave_reset', 'red')] }),
    graph('Connections refused', 'no_enclave: none could be reached.', 'ops', [query(perSecond('listener, reason', 'parentproxy_passthrough_refused_total'), '{{listener}} {{reason}}')], { stack: true }),
    graph('Bytes', 'By who sent them.', 'Bps', [query(perSecond('listener, from', 'parentproxy_passthrough_bytes_total'), '{{listener}} from the {{from}}')]),
    graph('Until there is an enclave, p95', 'From the accept, with what is read before.', 's', [query(quantile(0.95, 'parentproxy_passthrough_connect_duration_seconds'), '{{enclave}}')]),
    graph('How long connections last, p95', '', 's', [query(quantile(0.95, 'parentproxy_passthrough_connection_duration_seconds'), '{{enclave}}')]),
  ],
  'Egress': [
    graph('Connections of enclaves', 'Open, by listener.', 'short', [query(`sum by (listener) (parentproxy_egress_open_connections{${I}})`, '{{listener}}')]),
    graph('Listeners', '0: it takes no connections.', 'short', [query(`min by (listener) (parentproxy_egress_listener_up{${I}})`, '{{listener}}')]),
    graph('Connections by result', 'denied: by the rules. unresolved, unreachable: the log names the errno. DNS has its own.', 'ops', [query(perSecond('result', 'parentproxy_egress_connections_total'), '{{result}}')], { stack: true, overrides: [color('denied', 'red')] }),
    graph('Connections by rule', 'none: no rule decided.', 'ops', [query(perSecond('rule', 'parentproxy_egress_connections_total'), '{{rule}}')], { stack: true }),
    graph('Bytes of egress', 'By who sent them.', 'Bps', [query(perSecond('listener, from', 'parentproxy_egress_bytes_total'), '{{listener}} from the {{from}}')]),
    graph('Until a destination is connected', 'With the lookup of its name.', 's', [0.5, 0.95].map(q => query(`histogram_quantile(${q}, sum by (le) (${rate('parentproxy_egress_connect_duration_seconds_bucket')}))`, `p${q * 100}`))),
    graph('DNS', 'cached: from memory. denied: by the rules.', 'ops', [query(perSecond('result', 'parentproxy_egress_dns_questions_total'), '{{result}}')], { stack: true }),
    graph('DNS streams', 'bare: datagrams that socat writes. Cut: they did not fit.', 'short', [
      query(`sum(parentproxy_egress_dns_open_streams{${I}})`, 'open'),
      query(perSecond('framing', 'parentproxy_egress_dns_questions_total'), '{{framing}} questions a second'),
      query(perSecond('framing', 'parentproxy_egress_dns_streams_total'), '{{framing}} streams over a second'),
      query(`sum(${rate('parentproxy_egress_dns_streams_idle_total')})`, 'idle streams ended a second'),
      query(`sum(${rate('parentproxy_egress_dns_truncated_total')})`, 'cut answers a second')]),
    graph('Lines of enclaves', 'over_rate, lost: dropped.', 'ops', [
      query(perSecond('result', 'parentproxy_egress_log_lines_total'), '{{result}}'),
      query(`sum(${rate('parentproxy_egress_log_lines_cut_total')})`, 'too long')]),
  ],
};

/** Lays the panels of the rows out, left to right, in a grid of 24 columns. */
function panels() {
  const out = [];
  let y = 0;
  const add = panel => out.push({ id: out.length + 1, ...panel });
  for (const [title, row] of Object.entries(rows)) {
    add({ type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: 24, h: 1 }, panels: [] });
    y++;
    let x = 0, height = 0;
    for (const { queries, width, height: h, ...panel } of row) {
      if (x + width > 24) [x, y, height] = [0, y + height, 0];
      add({
        ...panel, datasource, gridPos: { x, y, w: width, h },
        targets: queries.map((query, i) => ({ datasource, refId: String.fromCharCode(65 + i), ...query })),
      });
      x += width;
      height = Math.max(height, h);
    }
    y += height;
  }
  return out;
}

const variable = (name, label, expr) => ({
  name, label, type: 'query', datasource, query: { query: expr, refId: name }, definition: expr,
  refresh: 2, sort: 1, multi: true, includeAll: true, allValue: '.*', current: { text: ['All'], value: ['$__all'] }, options: [], hide: 0,
});

console.log(JSON.stringify({
  title: 'ParentProxy', uid: 'parent-proxy', tags: ['parent-proxy', 'nitro-enclaves'], schemaVersion: 38, version: 1, editable: true, graphTooltip: 1,
  time: { from: 'now-1h', to: 'now' }, refresh: '30s', timezone: 'browser', annotations: { list: [] }, links: [],
  templating: {
    list: [
      { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', current: {}, options: [], refresh: 1, hide: 0, includeAll: false, multi: false },
      variable('instance', 'Proxy', 'label_values(parentproxy_build_info, instance)'),
      variable('enclave', 'Enclave', 'label_values(parentproxy_enclave_info{instance=~"$instance"}, enclave)'),
    ],
  },
  panels: panels(),
}, null, 2));
