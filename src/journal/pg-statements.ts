// The statements that decide who may write. See docs/architecture.md, "The database of a cluster".
import type { Statement } from './pg-primary.ts';

/**
 * One append for all filesystems of which commits wait. Only a filesystem whose owner, epoch and
 * last append are still those that this process knows is in `taken`; of the others nothing is
 * stored. The values travel as one binary parameter, because an array of them would take twice the
 * bytes.
 *
 * `rows` are the changes of keys: n is the number of the filesystem in the first arrays, and a null
 * length deletes the key. A row of the server's keys is stored if that filesystem is taken. If a key
 * is changed twice, the later change counts. A new key that is there already fails the statement.
 */
export const append: Statement = {
  name: 'append',
  text: `with given as (
  select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[],
      $7::text[], $18::bigint[]) with ordinality
    as g (fs, epoch, flush, chain, what, tenant, name, number, n)
), held as (
  update place p set flush = g.flush, chain = g.chain, ordered = $9, kernel_version = $10,
    tenant = case g.what when 'unnamed' then null else p.tenant end,
    name = case g.what when 'unnamed' then null else p.name end
  from given g
  where g.what in ('kept', 'unnamed') and p.fs = g.fs and p.epoch = g.epoch and p.owner = $8
    and p.flush = g.flush - 1
  returning g.n
), removed as (
  delete from place p using given g
  where g.what = 'removed' and p.fs = g.fs and p.epoch = g.epoch and p.owner = $8
    and p.flush = g.flush - 1
  returning g.n
), made as (
  insert into place
    (fs, tenant, name, number, owner, epoch, flush, chain, ordered, kernel_version)
  select g.fs, g.tenant, g.name, g.number, $8, g.epoch, g.flush, g.chain, $9, $10 from given g
  where g.what = 'made'
  returning fs
), taken as (
  select n from held union all select n from removed
  union all select g.n from made m join given g on g.fs = m.fs
), rows as (
  select distinct on (1, 2) case when r.server then '' else g.fs end as fs, r.key, r.at, r.length,
    r.fresh
  from unnest($12::bigint[], $13::boolean[], $14::text[], $15::integer[], $16::integer[],
      $19::boolean[]) with ordinality as r (n, server, key, at, length, fresh, nth)
    join taken t on t.n = r.n join given g on g.n = r.n
  order by 1, 2, r.nth desc
), stored as (
  insert into record (fs, key, value)
  select fs, key, substring($11::bytea from at + 1 for length) from rows
  where length is not null and not fresh
  order by fs, key
  on conflict (fs, key) do update set value = excluded.value
), first as (
  insert into record (fs, key, value)
  select fs, key, substring($11::bytea from at + 1 for length) from rows
  where length is not null and fresh
  order by fs, key
), deleted as (
  delete from record d using rows r where r.length is null and d.fs = r.fs and d.key = r.key
), counted as (
  update control set version = version + $17::bigint, ordered = greatest(ordered, $9)
  where ($17 > 0 or exists (select from given where what = 'removed')) and exists (select from taken)
  returning version
)
select g.fs, (select version from counted) as version from taken t join given g on g.n = t.n`,
};

/** Columns of a place with which an owner goes on. */
const claimed = 'p.fs, p.epoch, p.flush, p.chain, p.ordered';

/** Waits for what is under way and shuts it out, also if the process sent it itself. */
export const raise: Statement = {
  name: 'raise',
  text: `update place p set epoch = epoch + 1 where fs = any($1) and owner = $2 returning ${claimed}`,
};

/** Locks the row of the dead node and looks at its beat, so one of take-over and beat is first. */
export const takeOver: Statement = {
  name: 'take_over',
  text: `with dead as (select id from node where id = $2 and beat = $3 for update)
update place p set owner = $1, epoch = epoch + 1 from dead
where p.owner = dead.id and p.fs = any($4) returning ${claimed}`,
};

export const claim: Statement = {
  name: 'claim',
  text: `update place p set owner = $1, epoch = epoch + 1
where p.fs = any($2) and (p.owner is null or not exists (select from node where id = p.owner))
returning ${claimed}`,
};

export const give: Statement = {
  name: 'give',
  text: `update place p set owner = $3, epoch = epoch + 1
where p.fs = any($1) and p.owner = $2 returning ${claimed}`,
};

/** What a place says after a break. */
export const look: Statement = {
  name: 'look',
  text: 'select fs, owner, epoch, flush, chain, ordered from place where fs = any($1)',
};

const nodeFields = 'id, name, beat, version, url, release, kernel_version, leaving';
const nodeColumns = nodeFields.replace('kernel_version', 'kernel_version as "kernelVersion"');

/** The process gets a place of its own, which guards its changes of the server's keys. */
/**
 * The beat begins at a random number: a take-over that was sent before the row was removed names an
 * old beat, and must not match the new row.
 */
export const join: Statement = {
  name: 'join_cluster',
  text: `with added as (
  insert into node (${nodeFields})
  values ($1, $2, floor(random() * 1e9)::bigint, $3, $4, $5, $6, $7)
  on conflict (id) do update set leaving = excluded.leaving
)
insert into place (fs, number, owner, epoch, flush, chain, ordered, kernel_version)
values ($8, 0, $1, 1, 0, 0, 0, $6)
on conflict (fs) do update set epoch = place.epoch + 1 where place.owner = excluded.owner
returning fs, epoch, flush, chain, ordered`,
};

export const beat: Statement = {
  name: 'beat',
  text: `with own as (
  update node set beat = beat + 1, name = $2, version = $3, url = $4, release = $5,
    kernel_version = $6, leaving = $7
  where id = $1 returning ${nodeColumns}
)
select *, (select version from control) as current from own
union all
select ${nodeColumns}, (select version from control) from node where id <> $1`,
};

/** A node that owns a filesystem stays, so that others can see from whom to take it. */
export const removeNode: Statement = {
  name: 'remove_node',
  text: `with dead as (
  select id from node n where id = $1 and beat = $2
    and not exists (select from place where owner = n.id and fs <> $3) for update
), own as (
  delete from place p using dead where p.fs = $3 returning p.ordered
), kept as (
  update control set ordered = greatest(control.ordered, own.ordered) from own
)
delete from node n using dead where n.id = dead.id returning n.id`,
};

const placeColumns =
  'fs, tenant, name, number, owner, epoch, flush, kernel_version as "kernelVersion"';
/** Those of processes are left out. */
export const places: Statement = {
  name: 'places',
  text: `select ${placeColumns} from place where fs not like 'node:%'`,
};
export const placeOf: Statement = {
  name: 'place_of',
  text: `select ${placeColumns} from place where tenant = $1 and name = $2`,
};

export const control: Statement = {
  name: 'control',
  text: `select version, greatest(ordered, (select coalesce(max(ordered), 0) from place)) as ordered
from control`,
};
