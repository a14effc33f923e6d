import type { ZonalShift } from '../account/zonal-shifts.js';
import { restService } from '../protocol/rest-service.js';

const describe = (arn: string, { id, awayFrom, startedAt, expiresAt, appliedStatus }: ZonalShift): object => ({
  zonalShiftId: id, resourceIdentifier: arn, awayFrom, startTime: startedAt / 1_000, expiryTime: expiresAt / 1_000, appliedStatus, comment: '', shiftType: 'ZONAL_SHIFT',
});

/** ARC Zonal Shift, what a Karpenter asks of it. */
export const zonalShift = restService('arc-zonal-shift', {
  GetManagedResource: {
    path: /^\/managedresources\/([^/?]+)$/,
    answer: ([arn = ''], { account }) => ({ arn, name: arn.split('/').at(-1), appliedWeights: {}, zonalShifts: account.zonalShifts.of(arn).map((shift) => describe(arn, shift)), autoshifts: [], zonalAutoshiftStatus: 'DISABLED' }),
  },
});
