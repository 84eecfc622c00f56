// The pins and the mappings of a file as tables, with the buttons that end them.
import type { FilePicture, MappingPicture, Picture, PinPicture } from 'pinhole/client';
import { body, rest } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { perform } from '../parts/perform.ts';
import { Thing } from '../parts/thing.tsx';
import { countText, durationText } from '../parts/words.ts';
import { filesystemMs } from '../state/clock.ts';
import { linked } from '../state/selection.ts';
import { type Extent, orphanPages, pageBytes, pagesOfRange } from './ruler.ts';

const rowsMax = 50;

interface TablesProps {
  fs: string;
  file: FilePicture;
  picture: Picture;
  extents: readonly Extent[];
}

export function FileTables({ fs, file, picture, extents }: TablesProps) {
  const pins = [...picture.pins.values()].filter(({ ino }) => ino === file.ino);
  const mappings = [...picture.mappings.values()].filter(({ ino }) => ino === file.ino);
  return (
    <div class="file-tables">
      <section class="column">
        <h3>Pins</h3>
        {pins.length === 0 ? (
          <p class="small soft">Nobody pins a page of this file.</p>
        ) : (
          <PinTable {...{ fs, pins, extents }} />
        )}
      </section>
      <section class="column">
        <h3>Mappings</h3>
        {mappings.length === 0 ? (
          <p class="small soft">Nobody maps this file.</p>
        ) : (
          <MappingTable {...{ fs, mappings }} />
        )}
      </section>
    </div>
  );
}

const More = ({ of }: { of: number }) =>
  of > rowsMax ? <p class="small soft">{`${countText(of - rowsMax)} more`}</p> : null;

function PinTable({
  fs,
  pins,
  extents,
}: {
  fs: string;
  pins: PinPicture[];
  extents: readonly Extent[];
}) {
  return (
    <>
      <table class="small">
        <thead>
          <tr>
            <th scope="col">Pin</th>
            <th scope="col">Pages</th>
            <th scope="col">Kind</th>
            <th scope="col" class="number">
              Held
            </th>
            <th scope="col">
              <span class="unseen">End it</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {pins.slice(0, rowsMax).map((pin) => (
            <PinRow key={pin.id} {...{ fs, pin, extents }} />
          ))}
        </tbody>
      </table>
      <More of={pins.length} />
    </>
  );
}

function PinRow({ fs, pin, extents }: { fs: string; pin: PinPicture; extents: readonly Extent[] }) {
  const { id, kind, access, offset, pages, sinceMs, collecting, allRuns } = pin;
  const orphans = allRuns ? orphanPages(pin, extents) : 0;
  const unpin = () =>
    perform(fs, `unpin of ${id}`, () =>
      body(
        rest.value.DELETE('/v1/filesystems/{fs}/pins/{pin}', {
          params: { path: { fs, pin: id } },
        }),
      ),
    );
  return (
    <tr {...linked(id)}>
      <td>
        <Thing id={id} />
      </td>
      <td>
        {pagesOfRange({ offset, length: pages * pageBytes })}
        {orphans > 0 ? `, ${orphans} no longer in the file` : ''}
      </td>
      <td>{`${kind}, ${access}${collecting ? ', still collecting' : ''}`}</td>
      <td class="number">{durationText(Math.max(0, filesystemMs.value - sinceMs))}</td>
      <td>
        <Button changes label={`Unpin ${id}`} onClick={unpin}>
          Unpin
        </Button>
      </td>
    </tr>
  );
}

function MappingTable({ fs, mappings }: { fs: string; mappings: MappingPicture[] }) {
  const munmap = (mapping: string) =>
    perform(fs, `munmap of ${mapping}`, () =>
      body(
        rest.value.DELETE('/v1/filesystems/{fs}/mappings/{mapping}', {
          params: { path: { fs, mapping } },
        }),
      ),
    );
  return (
    <>
      <table class="small">
        <thead>
          <tr>
            <th scope="col">Mapping</th>
            <th scope="col">Pages</th>
            <th scope="col">Access</th>
            <th scope="col">
              <span class="unseen">End it</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {mappings.slice(0, rowsMax).map((mapping) => (
            <tr key={mapping.id} {...linked(mapping.id)}>
              <td>
                <Thing id={mapping.id} short />
              </td>
              <td>{pagesOfRange(mapping)}</td>
              <td>{mapping.access}</td>
              <td>
                <Button changes label={`munmap ${mapping.id}`} onClick={() => munmap(mapping.id)}>
                  munmap
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <More of={mappings.length} />
    </>
  );
}
