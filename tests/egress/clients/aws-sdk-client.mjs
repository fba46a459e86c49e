// usage: aws-sdk-client.mjs ENDPOINT; with HTTPS_PROXY in the environment, which the SDK does not read: it needs an agent.
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { HttpsProxyAgent } from 'https-proxy-agent';

const client = new STSClient({
  endpoint: process.argv[2],
  region: 'eu-central-1',
  credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
  requestHandler: new NodeHttpHandler({ httpsAgent: new HttpsProxyAgent(process.env.HTTPS_PROXY) }),
});
try {
  console.log((await client.send(new GetCallerIdentityCommand({}))).Arn);
} catch (error) {
  console.error(`${error.name}: ${error.message}`);
  process.exit(1);
}
