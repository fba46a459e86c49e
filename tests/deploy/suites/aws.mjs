import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import { agentProblems } from '../harness/agent.mjs';
import { readScript, succeed } from '../harness/commands.mjs';
import { path, text } from '../harness/repository.mjs';
import { seconds } from '../harness/seconds.mjs';
import { Specification } from '../harness/specification.mjs';
import { Template } from '../harness/template.mjs';
import { UserData } from '../harness/user-data.mjs';

const FILE = 'deploy/aws/parent-proxy.yaml';
const sha256 = content => createHash('sha256').update(content).digest('hex');
// As the stand-in for aws writes what it copies.
const artifact = key => sha256(`content of s3://artifacts/${key}\n`);

/** What an operator would enter. */
const VALUES = {
  'AWS::StackName': 'proving', 'AWS::Region': 'eu-central-1', TargetGroup: 'arn:aws:elasticloadbalancing:…:targetgroup/t',
  ArtifactBucket: 'artifacts', PackageKey: 'parent-proxy-0.1.0.x86_64.rpm', PackageSha256: artifact('parent-proxy-0.1.0.x86_64.rpm'),
  EnclaveImageKey: 'proof-server.eif', EnclaveImageSha256: artifact('proof-server.eif'), EnclavePcr0: 'a'.repeat(96),
  AgentKey: '', AgentSha256: '', EnclaveName: 'proof-server', EnclaveCpus: 2, EnclaveMemory: 4096, EnclavePort: 6300, IdleTimeout: 120,
  ProxyLogs: '/proving/parent-proxy', EnclaveLogs: '/proving/enclave', MetricLogs: '/proving/metrics',
};

export default async function aws(stage) {
  const template = new Template(await text(FILE));
  const { parameters, conditions, resources } = template;
  const specification = await Specification.load();

  await stage.check('every resource is one of CloudFormation, with properties that it has and needs', () =>
    assert.deepEqual(Object.entries(resources).flatMap(([name, resource]) => specification.problems(name, resource)), []));

  await stage.check('every reference leads to something that has it', () => {
    const wrong = [...template.references()].filter(({ kind, name, attribute }) => {
      switch (kind) {
        case 'If': return !(name in conditions);
        case 'DependsOn': return !(name in resources);
        case 'GetAtt': return !(name in resources) || !specification.attributes(resources[name].Type).includes(attribute);
        default: return !name.startsWith('AWS::') && !(name in parameters) && !(name in resources);
      }
    });
    assert.deepEqual(wrong, []);
  });

  await stage.check('every parameter and condition is used, and every parameter is in a group of the console', () => {
    const used = new Set([...template.references()].map(({ name }) => name));
    assert.deepEqual([...Object.keys(parameters), ...Object.keys(conditions)].filter(name => !used.has(name)), []);
    assert.deepEqual(template.interface.ParameterGroups.flatMap(group => group.Parameters).sort(), Object.keys(parameters).sort());
  });

  await checkWithLint(stage);

  await stage.check('only the load balancer reaches the parents, IMDSv2 and encryption are demanded, enclaves are on', () => {
    const data = resources.ParentTemplate.Properties.LaunchTemplateData;
    assert.equal(resources.ParentSecurityGroup.Properties.SecurityGroupIngress, undefined);
    const ingress = Object.values(resources)
      .filter(({ Type, Properties }) => Type === 'AWS::EC2::SecurityGroupIngress' && Properties.GroupId.Ref === 'ParentSecurityGroup');
    assert.deepEqual(ingress.map(({ Properties }) => [Properties.SourceSecurityGroupId.Ref, Properties.FromPort, Properties.ToPort]),
      [['LoadBalancerGroup', 6300, 6300]]);
    assert.equal(data.MetadataOptions.HttpTokens, 'required');
    assert.equal(data.MetadataOptions.HttpPutResponseHopLimit, 1);
    assert.ok(data.BlockDeviceMappings.every(({ Ebs }) => Ebs.Encrypted === true));
    assert.equal(data.EnclaveOptions.Enabled, true);
  });

  await stage.check('the role may do nothing to everything, but for what has no resources', () => {
    const statements = resources.ParentRole.Properties.Policies.flatMap(policy => policy.PolicyDocument.Statement);
    const wide = statements.filter(({ Resource, Condition }) => Resource === '*' && !Condition).flatMap(({ Action }) => Action);
    assert.deepEqual(wide, ['elasticloadbalancing:DescribeTargetHealth']);
    assert.deepEqual(statements.flatMap(({ Action }) => Action).filter(action => action.includes('*')), []);
  });

  // The table "Key Metrics" of the proof server's guide.
  await stage.check('the alarms have the thresholds that operators were promised', () => {
    const alarms = Object.entries(resources).filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
      .map(([name, { Properties: { ComparisonOperator, Threshold } }]) => `${name} ${ComparisonOperator} ${Threshold}`);
    assert.deepEqual(alarms.sort(), [
      'EnclaveCpuHigh GreaterThanThreshold 80', 'EnclaveMemoryHigh GreaterThanThreshold 90', 'ErrorsHigh GreaterThanThreshold 1',
      'LatencyHigh GreaterThanThreshold 5', 'NoHealthyTarget LessThanThreshold 1',
    ]);
  });

  const script = template.resolve(resources.ParentTemplate.Properties.LaunchTemplateData.UserData, name => {
    assert.ok(name in VALUES, `the user data needs ${name}`);
    return VALUES[name];
  });
  await stage.checkWith(['shellcheck'], 'bash reads the user data, and shellcheck finds nothing', () => readScript(script));

  await stage.check('the user data fits', () => assert.ok(Buffer.byteLength(script) < 16_384, `${Buffer.byteLength(script)} bytes`));

  const parent = new UserData(await stage.folder(), script);
  await stage.check('the user data, run: everything is installed, started and awaited, and success is signalled', async () => {
    assert.equal(await parent.run(), 0, parent.output);
    const order = ['dnf install -y aws-cfn-bootstrap aws-nitro-enclaves-cli', 'systemctl enable --now nitro-enclaves-allocator.service',
      'parent-proxy check', 'systemctl enable --now parent-proxy.service', 'systemctl enable --now enclave@proof-server.service',
      'elbv2 describe-target-health', 'cfn-signal --exit-code 0'];
    const places = order.map(call => parent.calls.findIndex(made => made.includes(call)));
    assert.deepEqual(places, [...places].sort((a, b) => a - b), parent.calls.join('\n'));
    assert.ok(!places.includes(-1), parent.calls.join('\n'));
  });

  await stage.check('the configuration that it writes is accepted', () =>
    succeed(process.env.PARENT_PROXY, ['check', '--config', parent.file('etc/parent-proxy/appsettings.json')]));

  await stage.check('what it writes for nitro-cli names the enclave, its image and its share', async () => {
    assert.deepEqual(JSON.parse(await parent.read('etc/nitro_enclaves/proof-server.json')),
      { enclave_name: 'proof-server', eif_path: '/var/lib/enclaves/proof-server.eif', cpu_count: 2, memory_mib: 4096 });
    assert.deepEqual(parse(await parent.read('etc/nitro_enclaves/allocator.yaml')), { memory_mib: 4096, cpu_count: 2 });
  });

  await stage.check('the drain lasts until the load balancer has looked away, and systemd waits for it', async () => {
    const settings = JSON.parse(await parent.read('etc/parent-proxy/appsettings.json'));
    const group = resources.TargetGroup.Properties;
    const attribute = (of, key) => template.resolve(of.find(({ Key }) => Key === key).Value, name => VALUES[name]);
    const idle = attribute(resources.LoadBalancer.Properties.LoadBalancerAttributes, 'idle_timeout.timeout_seconds');
    const stop = /^TimeoutStopSec=(\d+)$/m.exec(await parent.read('etc/systemd/system/parent-proxy.service.d/drain.conf'))[1];

    assert.ok(seconds(settings.Timeouts.DrainDelay) >= group.HealthCheckIntervalSeconds * group.UnhealthyThresholdCount);
    assert.ok(Number(stop) > seconds(settings.Timeouts.DrainDelay) + seconds(settings.Timeouts.Drain));
    assert.ok(seconds(settings.Kestrel.Limits.KeepAliveTimeout) > idle);
    assert.ok(attribute(group.TargetGroupAttributes, 'deregistration_delay.timeout_seconds') >= idle);
    assert.equal(group.HealthCheckPath, '/health');
  });

  await stage.check('the agent collects what is there: log groups, units, metrics and dimensions of the alarms', async () => {
    const agent = JSON.parse(await parent.read('etc/parent-proxy/cloudwatch-agent.json'));
    assert.deepEqual([...agentProblems(agent)], []);

    const { logs_collected: { journald, files }, metrics_collected: { prometheus } } = agent.logs;
    const groups = [...journald.collect_list, ...files.collect_list, prometheus].map(part => part.log_group_name);
    assert.deepEqual([...new Set(groups)].sort(), [VALUES.EnclaveLogs, VALUES.MetricLogs, VALUES.ProxyLogs]);
    assert.ok(journald.collect_list.flatMap(({ units }) => units).includes('enclave@proof-server.service'));

    const scrape = parse(await parent.read(prometheus.prometheus_config_path));
    const declared = prometheus.emf_processor.metric_declaration.flatMap(({ label_matcher: job, dimensions, metric_selectors: names }) => {
      assert.ok(scrape.scrape_configs.some(({ job_name: name }) => new RegExp(job).test(name)), job);
      return names.flatMap(name => dimensions.map(labels => `${name.replaceAll(/[\^$]/g, '')} ${labels}`));
    });
    const documents = await text('docs/observability.md') + await text('docs/enclave.md');
    assert.deepEqual(declared.map(metric => metric.split(' ')[0]).filter(name => !documents.includes(`\`${name}\``)), []);
    const wanted = Object.values(resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
      .flatMap(({ Properties }) => Properties.Metrics ?? []).map(({ MetricStat }) => MetricStat?.Metric)
      .filter(metric => metric?.Namespace === prometheus.emf_processor.metric_namespace)
      .map(({ MetricName, Dimensions }) => `${MetricName} ${Dimensions.map(({ Name }) => Name)}`);
    assert.ok(wanted.length > 0);
    assert.deepEqual(wanted.filter(metric => !declared.includes(metric)), []);
  });

  await stage.check('an enclave that does not come up: failure is signalled', async () => {
    const other = new UserData(await stage.folder(), script);
    assert.notEqual(await other.run('enclave@'), 0);
    assert.match(other.calls.at(-1), /^cfn-signal --exit-code [1-9]/);
  });

  await stage.check('a package with another checksum is not installed, and failure is signalled', async () => {
    const other = new UserData(await stage.folder(), script.replace(VALUES.PackageSha256, '0'.repeat(64)));
    assert.notEqual(await other.run(), 0);
    assert.match(other.calls.at(-1), /^cfn-signal --exit-code [1-9]/);
    assert.ok(!other.calls.some(call => call.startsWith('dnf install') && call.includes('parent-proxy.rpm')), other.calls.join('\n'));
  });
}

// AWS's linter is no package of Debian's or of npm's (npm's cfn-lint is another program).
async function checkWithLint(stage) {
  const name = 'cfn-lint finds nothing';
  if (stage.missing(['cfn-lint']).length > 0) stage.skip(name, 'no cfn-lint here');
  else await stage.check(name, () => succeed('cfn-lint', [path(FILE)]));
}
