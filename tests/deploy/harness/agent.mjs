/**
 * The keys of the CloudWatch agent's configuration that ours has: `true` for a value, a list for a list of such objects. The agent
 * refuses what it does not know (its schema.json is in no package).
 */
const KEYS = {
  agent: { region: true },
  logs: {
    logs_collected: {
      journald: { collect_list: [{ log_group_name: true, log_stream_name: true, units: true }] },
      files: { collect_list: [{ file_path: true, log_group_name: true, log_stream_name: true }] },
    },
    metrics_collected: {
      prometheus: {
        log_group_name: true,
        prometheus_config_path: true,
        emf_processor: {
          metric_namespace: true,
          metric_declaration: [{ source_labels: true, label_matcher: true, dimensions: true, metric_selectors: true }],
        },
      },
    },
  },
};

/** Where a configuration differs from these keys. */
export function* agentProblems(given, known = KEYS, place = 'agent.json') {
  if (known === true) return;
  if (Array.isArray(known)) {
    for (const [i, item] of given.entries()) yield* agentProblems(item, known[0], `${place}[${i}]`);
    return;
  }
  for (const key of new Set([...Object.keys(given), ...Object.keys(known)])) {
    if (!(key in known)) yield `${place}.${key}: not known`;
    else if (!(key in given)) yield `${place}.${key} is missing`;
    else yield* agentProblems(given[key], known[key], `${place}.${key}`);
  }
}
