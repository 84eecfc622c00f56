// The stores of one server do what every Store does.
import { rmSync } from 'node:fs';
import { MemoryStore } from '../../src/journal/memory-store.ts';
import { freshFolder, openStore } from './kept.ts';
import { storeSuite } from './store-suite.ts';

let folder = '';
storeSuite('LevelDB', {
  open() {
    folder = freshFolder();
    return openStore(folder);
  },
  again: () => openStore(folder),
  closes: true,
  async remove() {
    rmSync(folder, { recursive: true, force: true });
  },
});

let memory = new MemoryStore();
storeSuite('memory', {
  async open() {
    memory = new MemoryStore();
    return memory;
  },
  again: async () => memory,
  closes: false,
  async remove() {},
});
