import type { KubeObject } from '../kube/object.js';
import type { FieldChange } from './field-change.js';
import { fieldChanges } from './field-change.js';
import type { Ledger } from './ledger.js';
import type { HeldChange, ObjectTrack } from './object-track.js';
import { valued } from './object-track.js';
import type { WouldBeWrite } from './would-be-write.js';

/**
 * Finds out which objects that two versions have created are the same: those of one name; where the server chooses names, those that are
 * equal but for it, and when the window has ended, those that differ least.
 */
export class CreationMatcher {
  constructor(
    private readonly tracks: ReadonlyMap<string, ObjectTrack>,
    private readonly ledger: Ledger,
    /** Whether the kind's defaults are known: only then does a field that only the server's object has say something. */
    private readonly isComplete: boolean,
  ) {}

  /** The server shows a new object. */
  born(track: ObjectTrack, entry: HeldChange): void {
    const { object } = entry;
    if (!object) return;
    const twin = track.phantom ? track : this.#phantoms(object).find(({ phantom }) => phantom && this.#differences(phantom.object, object).length === 0);
    if (twin?.phantom) this.#pair(twin, track, entry);
  }

  /** The shadow creates an object: the one of the running operator that it is, if that came first. */
  counterpartOf(object: KubeObject, write: WouldBeWrite): ObjectTrack | undefined {
    const found = this.#births().find(({ metadata, object: real }) => (write.generated ? isFamily(object, real) && this.#differences(object, real).length === 0 : metadata.name === object.metadata.name && metadata.namespace === object.metadata.namespace));
    if (!found) return undefined;
    const otherwise = this.#judge(write, object, found.object, found.entry);
    found.track.reveal(found.entry, write, write.generated ? [] : otherwise);
    return found.track;
  }

  /** Takes what is most like it for the counterpart of an object that one side has created. Returns whether there is something. */
  pairOff(track: ObjectTrack): boolean {
    const { birth, phantom } = track;
    if (phantom) {
      const [closest] = this.#births().filter(({ object }) => isFamily(phantom.object, object)).sort((a, b) => this.#differences(phantom.object, a.object).length - this.#differences(phantom.object, b.object).length);
      if (closest) this.#pair(track, closest.track, closest.entry);
      return closest !== undefined;
    }
    const real = birth?.object;
    if (!birth || !real) return false;
    const [closest] = this.#phantoms(real).sort((a, b) => this.#distance(a, real) - this.#distance(b, real));
    if (closest) this.#pair(closest, track, birth);
    return closest !== undefined;
  }

  #distance({ phantom }: ObjectTrack, real: KubeObject): number {
    return phantom ? this.#differences(phantom.object, real).length : Infinity;
  }

  #pair(shadowed: ObjectTrack, track: ObjectTrack, entry: HeldChange): void {
    const { phantom } = shadowed;
    if (!phantom || !entry.object) return;
    const otherwise = this.#judge(phantom.write, phantom.object, entry.object, entry);
    // First the one, then the other: nothing must seem to be missing in between.
    if (shadowed === track) shadowed.phantom = undefined;
    track.reveal(entry, phantom.write, shadowed === track ? otherwise : []);
    if (shadowed !== track) shadowed.dispel();
  }

  #judge(write: WouldBeWrite, object: KubeObject, real: KubeObject, { author: { manager } }: HeldChange): FieldChange[] {
    const differences = this.#differences(object, real);
    const fields = differences.map(({ field, from, to }) => ({ field, ...valued('shadow', to), ...valued('running', from) }));
    if (fields.length === 0) this.ledger.agreed(write);
    else this.ledger.differs({ verdict: 'differs', verb: write.verb, object: write.object, fields, at: write.at, ...(write.by ? { by: write.by } : {}), ...(manager === undefined ? {} : { manager }) }, write);
    return differences;
  }

  /** From the server's object to the shadow's. */
  #differences(object: KubeObject, real: KubeObject): FieldChange[] {
    const asked = ({ status: _status, ...rest }: KubeObject & { status?: unknown }): object => rest;
    return fieldChanges(asked(real), asked(object)).filter(({ to }) => this.isComplete || to !== undefined);
  }

  #births(): { track: ObjectTrack; entry: HeldChange; object: KubeObject; metadata: KubeObject['metadata'] }[] {
    return [...this.tracks.values()].flatMap((track) => {
      const { birth: entry } = track;
      return entry?.object ? [{ track, entry, object: entry.object, metadata: entry.object.metadata }] : [];
    });
  }

  #phantoms(real: KubeObject): ObjectTrack[] {
    return [...this.tracks.values()].filter(({ phantom }) => phantom?.write.generated && isFamily(phantom.object, real));
  }
}

/** Whether two objects may be one whose name the server chooses. */
function isFamily({ metadata: { generateName = '', namespace } }: KubeObject, { metadata: real }: KubeObject): boolean {
  return generateName !== '' && namespace === real.namespace && (real.generateName ?? generateName) === generateName && real.name.startsWith(generateName);
}
