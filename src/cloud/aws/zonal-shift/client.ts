import { abortable } from '../clients.js';
import type { AwsClients } from '../clients.js';
import type { AwsSettings } from '../settings.js';

const SERVICE = 'arc-zonal-shift';

/** A shift of a cluster away from a zone, running or over. */
export interface ZonalShift {
  /** A zone's id: `usw2-az1`. */
  awayFrom: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  /** Whether it is in effect; several at once are not. */
  applied: boolean;
}

/** ARC Zonal Shift refused, or answered with something else. */
export class ZonalShiftError extends Error {
  constructor(readonly reason: string, readonly status: number, message: string) {
    super(`${SERVICE}:GetManagedResource: ${message}`);
  }
}

interface Answer { message?: string; Message?: string; zonalShifts?: readonly { awayFrom?: string; expiryTime?: number; appliedStatus?: string }[] }

/**
 * The one call that is needed of ARC Zonal Shift. Credentials, signature and connections are those of an EKS client: its own client
 * would be one more package, loaded for a single GET.
 */
export class ZonalShiftClient {
  constructor(private readonly clients: Pick<AwsClients, 'zonalShift'>, private readonly settings: Pick<AwsSettings, 'region' | 'endpoint' | 'version'>) {}

  /** The shifts of a resource by its ARN. Rejects with {@link ZonalShiftError}, for example when the cluster is not enabled for shifts. */
  async shiftsOf(resource: string, signal?: AbortSignal): Promise<ZonalShift[]> {
    const { config } = this.clients.zonalShift;
    const { region, version } = this.settings;
    const { protocol, hostname, port, host, pathname } = new URL(`/managedresources/${encodeURIComponent(resource)}`, this.endpoint());
    const signer = await config.signer({ name: 'sigv4', signingName: SERVICE, signingRegion: region, properties: {} });
    const request = await signer.sign({
      method: 'GET', protocol, hostname, path: pathname, query: {}, headers: { host, 'user-agent': `karpenter.sh-${version}` }, ...(port === '' ? {} : { port: Number(port) }),
    });
    const { response } = await config.requestHandler.handle(request as Parameters<typeof config.requestHandler.handle>[0], abortable(signal));
    // Handlers other than the SDK's own may have read the body already.
    const body = response.body instanceof Uint8Array ? response.body : await config.streamCollector(response.body);
    return read(new TextDecoder().decode(body), response.statusCode, response.headers['x-amzn-errortype']);
  }

  private endpoint(): string {
    const { region, endpoint } = this.settings;
    return endpoint ?? `https://${SERVICE}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  }
}

function read(body: string, status: number, reason = 'Unknown'): ZonalShift[] {
  const answer = parsed(body);
  if (status !== 200 || !answer) throw new ZonalShiftError(reason, status, answer?.message ?? answer?.Message ?? `HTTP status ${status}`);
  return (answer.zonalShifts ?? []).flatMap(({ awayFrom, expiryTime, appliedStatus }) =>
    awayFrom === undefined || expiryTime === undefined ? [] : [{ awayFrom, expiresAt: expiryTime * 1_000, applied: appliedStatus === 'APPLIED' }]);
}

function parsed(body: string): Answer | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}
