import { EventEmitter, once } from 'node:events';
import { makeGenericClientConstructor, Metadata, Server, status } from '@grpc/grpc-js';

const asIs = { requestSerialize: bytes => bytes, requestDeserialize: bytes => bytes, responseSerialize: bytes => bytes, responseDeserialize: bytes => bytes };
const method = (name, requestStream, responseStream) => ({ path: `/test.Test/${name}`, requestStream, responseStream, ...asIs });

/** All four kinds of calls; messages are bytes. */
export const service = {
  unary: method('Unary', false, false),
  collect: method('Collect', true, false),
  serve: method('Serve', false, true),
  talk: method('Talk', true, true),
};

export const RpcClient = makeGenericClientConstructor(service, 'Test');

/** A gRPC application. What a call does is said by its metadata; `events` tells a test what happens inside. */
export function rpcApplication() {
  const events = new EventEmitter();
  const server = new Server({ 'grpc.max_receive_message_length': -1 });

  // What it was given comes back, in front as in the end.
  function greet(call) {
    const initial = new Metadata(), trailing = new Metadata();
    for (const value of call.metadata.get('x-text')) initial.add('x-text', value);
    for (const value of call.metadata.get('x-bytes-bin')) trailing.add('x-bytes-bin', value);
    trailing.set('x-end', 'yes');
    if (call.metadata.get('x-text').length > 0) call.sendMetadata(initial);
    return trailing;
  }

  function wanted(call) {
    const [code] = call.metadata.get('x-fail');
    if (code === undefined) return null;
    const metadata = new Metadata();
    metadata.set('x-why', 'because');
    return { code: Number(code), details: 'no: caf\u00e9 100% \u20ac', metadata };
  }

  server.addService(service, {
    unary(call, answer) {
      if (call.metadata.get('x-hang').length > 0) {
        call.on('cancelled', () => events.emit('cancelled'));
        return events.emit('hanging', call);
      }
      const error = wanted(call);
      if (error) return answer(error);
      return answer(null, call.request, greet(call));
    },
    collect(call, answer) {
      const sizes = [];
      call.on('cancelled', () => events.emit('cancelled'));
      call.on('data', bytes => {
        sizes.push(bytes.length);
        events.emit('collected', sizes.length);
      });
      const error = wanted(call);
      // An answer while the client still has more to send.
      if (error) return answer(error);
      return call.on('end', () => answer(null, Buffer.from(JSON.stringify(sizes)), greet(call)));
    },
    async serve(call) {
      const error = wanted(call);
      const trailing = greet(call);
      const cancelled = once(call, 'cancelled').then(() => events.emit('cancelled'));
      const { count, size } = JSON.parse(call.request);
      cancelled.catch(() => {});
      for (let i = 0; (count === null || i < count) && !call.cancelled; i++) {
        const piece = Buffer.alloc(size, i);
        if (!call.write(piece)) await Promise.race([once(call, 'drain'), cancelled]);
      }
      if (call.cancelled) return;
      if (error) call.emit('error', error);
      else call.end(trailing);
    },
    talk(call) {
      const trailing = greet(call);
      call.on('cancelled', () => events.emit('cancelled'));
      call.on('data', bytes => call.write(Buffer.concat([Buffer.from('> '), bytes])));
      call.on('end', () => call.end(trailing));
    },
  });
  return { server, events };
}

export { Metadata, status };
