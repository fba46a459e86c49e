import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { objectsIn, typeProblems, valueProblem } from '../harness/manifests.mjs';
import { succeed } from '../harness/commands.mjs';
import { path, text } from '../harness/repository.mjs';
import { seconds } from '../harness/seconds.mjs';

const FOLDER = 'deploy/kubernetes';
const AF_VSOCK = 40;

export default async function kubernetes(stage) {
  const files = (await readdir(path(FOLDER))).filter(name => name.endsWith('.yaml'));
  const objects = (await Promise.all(files.map(name => text(`${FOLDER}/${name}`)))).flatMap(objectsIn);
  const of = (...kinds) => objects.filter(({ kind }) => kinds.includes(kind));
  const named = (kind, name) => of(kind).find(({ metadata }) => metadata.name === name);
  const pods = of('Deployment')
    .map(({ metadata: { name }, spec: { template } }) => ({ name, labels: template.metadata.labels, ...template.spec }));
  const proxy = pod => pod.containers.find(({ name }) => name === 'parent-proxy');
  const configMap = pod => pod.volumes.find(volume => volume.configMap).configMap.name;
  const settings = pod => JSON.parse(named('ConfigMap', configMap(pod)).data['appsettings.json']);
  const matches = (labels, { matchLabels }) => Object.entries(matchLabels).every(([key, value]) => labels[key] === value);

  await stage.check('every object has only keys that its kind has, and those that it needs', async () =>
    assert.deepEqual(await typeProblems(objects, await stage.folder()), []));

  await stage.check('every value is one that the schema of its kind allows', async () => {
    const problems = await Promise.all(objects.map(async object => [object.kind, object.metadata.name, await valueProblem(object)]));
    assert.deepEqual(problems.filter(([,, problem]) => problem), []);
  });

  await stage.check('a key that does not exist is found', async () => {
    const wrong = structuredClone(named('Deployment', 'gateway'));
    wrong.spec.template.spec.containers[0].readynessProbe = {};
    assert.match((await typeProblems([wrong], await stage.folder())).join('\n'), /readynessProbe/);
  });

  await stage.check('every selector selects something', () => {
    const selectors = [
      ...of('Deployment', 'PodDisruptionBudget').map(({ metadata, spec }) => [metadata.name, spec.selector]),
      ...of('Service').map(({ metadata, spec }) => [metadata.name, { matchLabels: spec.selector }]),
      ...of('NetworkPolicy').flatMap(({ metadata, spec }) => {
        const peers = [...spec.ingress.flatMap(({ from }) => from), ...spec.egress.flatMap(({ to }) => to)];
        return [spec, ...peers].filter(({ podSelector }) => podSelector).map(({ podSelector }) => [metadata.name, podSelector]);
      }),
    ];
    assert.deepEqual(selectors.filter(([, selector]) => !pods.some(({ labels }) => matches(labels, selector))), []);
    assert.ok(of('Service').every(({ metadata }) => matches(metadata.labels, of('ServiceMonitor')[0].spec.selector)));
  });

  await stage.check('every port by name is one of the container', () => {
    const ports = pods.flatMap(pod => proxy(pod).ports.map(({ name }) => name));
    const used = [
      ...of('Service').flatMap(({ spec }) => spec.ports.map(({ targetPort }) => targetPort)),
      ...pods.flatMap(pod => [proxy(pod).livenessProbe, proxy(pod).readinessProbe].map(({ httpGet }) => httpGet.port)),
      ...of('ServiceMonitor').flatMap(({ spec }) => spec.endpoints.map(({ port }) => port)),
    ];
    assert.deepEqual(used.filter(port => !ports.includes(port)), []);
  });

  await stage.check('every configuration is accepted', async () => {
    const folder = await stage.folder();
    for (const pod of pods) {
      const file = join(folder, `${pod.name}.json`);
      await writeFile(file, JSON.stringify(settings(pod)));
      await succeed(process.env.PARENT_PROXY, ['check', '--config', file]);
    }
  });

  await stage.check('the gateway names services that are there, and may reach them', () => {
    const [first] = settings(pods.find(({ name }) => name === 'gateway')).Enclaves;
    assert.ok(named('Service', first.TcpHost).spec.ports.some(({ port }) => port === first.Port));
    const { labels } = pods.find(({ name }) => name === first.TcpHost);
    const ports = named('NetworkPolicy', 'gateway').spec.egress
      .filter(({ to }) => to.some(({ podSelector }) => podSelector && matches(labels, podSelector))).flatMap(rule => rule.ports);
    assert.deepEqual(ports, [{ protocol: 'TCP', port: first.Port }]);
  });

  await stage.check('probes and scrapes go to the listener that has only those', () => {
    for (const pod of pods) {
      const port = Number(new URL(settings(pod).Admin.MetricsUrl).port);
      assert.equal(proxy(pod).ports.find(({ name }) => name === 'metrics').containerPort, port);
      assert.equal(proxy(pod).livenessProbe.httpGet.path, '/health/live');
      assert.equal(proxy(pod).readinessProbe.httpGet.path, '/health/ready');
    }
  });

  await stage.check('a pod has the time that its drain takes, and is seen to leave before its port closes', () => {
    for (const pod of pods) {
      const { DrainDelay: delay, Drain: drain } = settings(pod).Timeouts;
      assert.ok(pod.terminationGracePeriodSeconds > seconds(delay) + seconds(drain), pod.name);
      const { periodSeconds, failureThreshold } = proxy(pod).readinessProbe;
      assert.ok(seconds(delay) > periodSeconds * failureThreshold, pod.name);
    }
  });

  await stage.check('the proxy is nobody, may nothing, and writes nowhere; AF_VSOCK is admitted where it is dialled alone', () => {
    for (const pod of pods) {
      const own = { ...pod.securityContext, ...proxy(pod).securityContext };
      assert.equal(own.runAsNonRoot, true);
      assert.equal(own.allowPrivilegeEscalation, false);
      assert.equal(own.readOnlyRootFilesystem, true);
      assert.deepEqual(own.capabilities, { drop: ['ALL'] });
      const dials = settings(pod).Enclaves.some(({ Transport = 'vsock' }) => Transport === 'vsock');
      assert.equal(own.seccompProfile.type, dials ? 'Localhost' : 'RuntimeDefault');
    }
  });

  await stage.check('the seccomp profile admits the families of sockets that the unit does, and denies what it does not name', async () => {
    const { defaultAction, syscalls } = JSON.parse(await text('deploy/container/seccomp.json'));
    assert.equal(defaultAction, 'SCMP_ACT_ERRNO');
    const sockets = syscalls.filter(({ names }) => names.includes('socket'));
    const families = sockets.map(({ args }) => args[0]);
    assert.ok(sockets.every(({ action }) => action === 'SCMP_ACT_ALLOW'));
    assert.ok(families.every(({ index, op }) => index === 0 && op === 'SCMP_CMP_EQ'));
    assert.deepEqual(families.map(({ value }) => value), [1, 2, 10, 16, AF_VSOCK]);
    const unit = /^RestrictAddressFamilies=(.*)$/m.exec(await text('systemd/parent-proxy.service'))[1].split(' ').sort();
    assert.deepEqual(sockets.map(({ comment }) => comment.split(':')[0]).sort(), unit);
  });
}
