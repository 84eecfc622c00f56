import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ConfigError,
  defaultConfig,
  envOf,
  flagOf,
  readConfig,
  settings,
  settingsTable,
  unknownVariables,
} from '../src/config.ts';

afterEach(() => vi.unstubAllEnvs());

describe('config', () => {
  it('has a default for every setting', () => {
    expect(readConfig([])).toEqual(defaultConfig());
  });

  it('reads flags before the environment before defaults', () => {
    vi.stubEnv('PINHOLE_PORT', '9000');
    vi.stubEnv('PINHOLE_WAIT_DEFAULT_MS', '5');
    const config = readConfig(['--port', '0']);
    expect(config.port).toBe(0);
    expect(config.waitDefaultMs).toBe(5);
  });

  it.each([
    ['1', true],
    ['true', true],
    ['0', false],
    ['false', false],
  ])('takes PINHOLE_VOLATILE=%s as %s', (value, expected) => {
    vi.stubEnv('PINHOLE_VOLATILE', value);
    expect(readConfig([]).volatile).toBe(expected);
  });

  it('takes --volatile without a value', () => {
    expect(readConfig(['--volatile']).volatile).toBe(true);
  });

  it.each([
    [['--prot', '1'], /unknown option '--prot'/],
    [['extra'], /too many arguments/],
    [['--port', '65536'], /--port \(PINHOLE_PORT\)/],
    [['--port', '-1'], /--port/],
    [['--port', '1e3'], /whole number/],
    [['--port', ''], /whole number/],
    [['--log-level', 'loud'], /--log-level/],
    [['--quota-pins', '99999999999999999999'], /--quota-pins/],
  ])('refuses %j', (argv, message) => {
    expect(() => readConfig(argv)).toThrow(ConfigError);
    expect(() => readConfig(argv)).toThrow(message);
  });

  it('refuses an unknown variable of its prefix', () => {
    vi.stubEnv('PINHOLE_PROT', '1');
    expect(() => readConfig([])).toThrow('unknown setting: PINHOLE_PROT');
  });

  it('knows the variables of the commands that talk to a server', () => {
    vi.stubEnv('PINHOLE_URL', 'http://127.0.0.1:1');
    expect(readConfig([])).toEqual(defaultConfig());
    expect(unknownVariables({ PINHOLE_URLS: '1', PINHOLE_FS: 'a' })).toEqual(['PINHOLE_URLS']);
  });

  it('splits lists', () => {
    vi.stubEnv('PINHOLE_ALLOWED_ORIGINS', 'https://a.example, https://b.example,');
    expect(readConfig([]).allowedOrigins).toEqual(['https://a.example', 'https://b.example']);
  });

  it('shows every setting in its table', () => {
    const table = settingsTable();
    for (const name of Object.keys(settings)) {
      expect(table).toContain(`\`${flagOf(name)}\``);
      expect(table).toContain(`\`${envOf(name)}\``);
    }
  });
});
