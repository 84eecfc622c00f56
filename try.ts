import { Guest } from './test/oracle/guest.ts';
const [,, kind, kernel, ...lines] = process.argv as any;
const g = await Guest.boot('/tmp/orc2', { kind, kernel });
const a = async (c: string) => { const r: any = await g.ask(c); console.log(c, '->', r.tasks ? JSON.stringify(r.tasks) : JSON.stringify(r).slice(0,200)); };
for (const l of lines) await a(l);
await g.end();
