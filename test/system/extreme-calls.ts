// Calls that use everything that a setting can limit.
const fs = '/v1/filesystems/s';

export interface PlainCall {
  method: string;
  path: string;
  json?: object;
  bytes?: Buffer;
}

export const calls: readonly PlainCall[] = [
  { method: 'GET', path: '/v1' },
  { method: 'POST', path: '/v1/filesystems', json: { name: 's', sizeBytes: 1_048_576 } },
  { method: 'POST', path: `${fs}/files`, json: { name: 'a' } },
  { method: 'PUT', path: `${fs}/files/a/content`, bytes: Buffer.alloc(8192, 'a') },
  { method: 'PUT', path: `${fs}/files/a/content?offset=0`, bytes: Buffer.alloc(4096, 'b') },
  { method: 'GET', path: `${fs}/files/a/content` },
  {
    method: 'POST',
    path: `${fs}/files/a/mappings`,
    json: { offset: 0, length: 8192, access: 'read-write' },
  },
  {
    method: 'POST',
    path: `${fs}/mappings/map_1/faults`,
    json: { offset: 0, length: 8192, access: 'write' },
  },
  { method: 'GET', path: `${fs}/mappings/map_1/memory?length=100` },
  {
    method: 'POST',
    path: `${fs}/mappings/map_1/pins`,
    json: { offset: 0, length: 4096, access: 'write', owner: 'nic' },
  },
  { method: 'POST', path: `${fs}/files/a/truncate`, json: { sizeBytes: 0 } },
  { method: 'GET', path: `${fs}/operations` },
  { method: 'GET', path: `${fs}/wait-graph` },
  { method: 'GET', path: `${fs}/events` },
  { method: 'DELETE', path: `${fs}/pins/pin_1` },
  { method: 'POST', path: `${fs}/files/a/allocate`, json: { offset: 0, length: 65_536 } },
  { method: 'POST', path: `${fs}/power-cycle`, json: {} },
  { method: 'POST', path: '/v1/tickets', json: { stream: '/v1/events' } },
  { method: 'POST', path: '/v1/tenants', json: { name: 'team' } },
  { method: 'POST', path: '/v1/tenants/team/tokens', json: {} },
  { method: 'GET', path: '/v1/metrics/targets?tenants=true&filesystems=true' },
  { method: 'GET', path: '/v1/metrics/tenants' },
  { method: 'GET', path: '/metrics' },
  { method: 'GET', path: '/openapi.json' },
  { method: 'GET', path: '/readyz' },
];

/** An answer that a server may give whatever its settings are. */
export function isProper(status: number, contentType: string): boolean {
  if (status < 400) return true;
  const known = status < 500 || status === 503 || status === 507;
  return known && contentType.startsWith('application/problem+json');
}
