// The parser of JSON bodies. Depth is checked on the text first, because 200 KB of `[` passes
// JSON.parse and overflows the stack of any code that walks the value.
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { bundleType, bytesType } from './contract.ts';
import { HttpProblem } from './problem.ts';

const quote = 0x22;
const backslash = 0x5c;

/** True if brackets outside of strings nest deeper than `max`. */
export function isDeeperThan(text: string, max: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === backslash) i += 1;
      else if (code === quote) inString = false;
    } else if (code === quote) inString = true;
    else if (code === 0x5b || code === 0x7b) {
      depth += 1;
      if (depth > max) return true;
    } else if (code === 0x5d || code === 0x7d) depth -= 1;
  }
  return false;
}

export function registerBodyParsers(
  app: FastifyInstance,
  { jsonDepthMax, contentBytesMax }: { jsonDepthMax: number; contentBytesMax: number },
): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer;
    if (!isUtf8(bytes))
      return done(
        new HttpProblem(
          'invalid-body',
          'The body is not valid UTF-8, which JSON requires (RFC 8259 §8.1).',
        ),
      );
    const text = bytes.toString();
    // Some clients send the content type even if there is no body.
    if (text === '') return done(null, undefined);
    if (text.length > jsonDepthMax && isDeeperThan(text, jsonDepthMax)) {
      return done(
        new HttpProblem(
          'invalid-body',
          `The JSON body nests more than ${jsonDepthMax} levels deep.`,
          {
            limit: jsonDepthMax,
          },
        ),
      );
    }
    void parseJson(request, text, (error, value) => {
      if (error === null) return done(null, value);
      done(
        new HttpProblem(
          'invalid-body',
          'The body is not valid JSON, or has a forbidden key: __proto__ or constructor.prototype.',
        ),
      );
    });
  });
  app.addContentTypeParser(
    [bytesType, bundleType],
    { parseAs: 'buffer', bodyLimit: contentBytesMax },
    (_request, body, done) => done(null, body),
  );
  // `curl -T` sends no content type. The body is parsed as bytes; a route for JSON refuses it.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    if (request.headers['content-type'] === undefined) return done(null, body);
    const accepts = 'application/json or application/octet-stream';
    done(new HttpProblem('unsupported-media-type', `The body must be ${accepts}.`, { accepts }));
  });
}
