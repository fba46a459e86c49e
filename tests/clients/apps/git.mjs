import { spawn } from 'node:child_process';
import { createServer } from 'node:http';

/** Serves the repositories in a folder with git's own CGI program. `requests` holds what came, in order. */
export function gitApplication(folder, backend) {
  const requests = [];
  const server = createServer((request, response) => {
    const [path, query = ''] = request.url.split('?');
    const seen = { method: request.method, path, query, headers: request.headers, length: 0 };
    requests.push(seen);
    request.on('data', piece => { seen.length += piece.length; });

    const { 'content-length': length, 'content-type': type, 'content-encoding': coding, 'git-protocol': protocol } = request.headers;
    const child = spawn(backend, [], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {
        ...environment, GIT_PROJECT_ROOT: folder, GIT_HTTP_EXPORT_ALL: '1', REMOTE_USER: 'tester', REMOTE_ADDR: '127.0.0.1',
        REQUEST_METHOD: request.method, PATH_INFO: path, QUERY_STRING: query, CONTENT_TYPE: type ?? '',
        // Without a length the program reads to the end of its input.
        ...(length && { CONTENT_LENGTH: length }), ...(coding && { HTTP_CONTENT_ENCODING: coding }),
        ...(protocol && { GIT_PROTOCOL: protocol }),
      },
    });
    child.stdin.on('error', () => {});
    request.pipe(child.stdin);
    answer(child.stdout, response);
  });
  return { server, requests };
}

/** Nothing of the user's or the machine's configuration. */
export const environment = {
  PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.org', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.org',
};

/** The answer of a CGI program: fields, an empty line, the body. */
async function answer(output, response) {
  let head = Buffer.alloc(0), body = false;
  for await (const piece of output) {
    if (body) {
      response.write(piece);
      continue;
    }
    head = Buffer.concat([head, piece]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) continue;
    body = true;
    for (const line of String(head.subarray(0, end)).split('\r\n')) {
      const [, name, value] = /^([^:]+): *(.*)$/.exec(line);
      if (name === 'Status') response.statusCode = parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.write(head.subarray(end + 4));
  }
  response.end();
}
