// What a sync gives as an item, and when that makes the node fail.

import type { Plan, PlanSummary, SyncOutcome, SyncStatus } from 'ghl-chartmogul';
import { NodeOperationError } from 'n8n-workflow';
import type { INode } from 'n8n-workflow';

/** The outcome of a run, with its plan's guard where it is seen at once. */
export type SyncResult = SyncOutcome & { guard: string | null };

/** What a sync without Write gives while the location was never synced: its plan. Nothing was written. */
export interface PlannedResult extends Pick<SyncOutcome, 'done' | 'plannedOnly' | 'standing'> {
	guard: string | null;
	plan: object;
	hint: string;
}

/** Whether all of the location was synced before: that took Write. Single contacts do not count. */
export function syncedBefore({ lastPlan }: SyncStatus): boolean {
	return lastPlan !== '';
}

/** The item of a sync that only planned. */
export function planned(plan: Plan, { standing }: SyncStatus): PlannedResult {
	return {
		done: true,
		plannedOnly: true,
		standing,
		guard: plan.guard,
		plan: totalsOf(plan),
		hint: 'Nothing was written. Read the plan with the operation Plan, then run Sync Now once with Write on.',
	};
}

/** What a plan says of itself, without its methods. */
export function totalsOf(plan: PlanSummary): object {
	return JSON.parse(JSON.stringify(plan)) as object;
}

/** Why a run stopped; at its time only where one slice was asked for. */
const STOPS = {
	calls: 'its calls are used',
	deadline: 'its time is up',
	quota: "the day's quota of calls is used up",
	records: 'its records are written',
	unavailable: 'a service is unavailable',
} as const;

/** Throws where records fail or wait, the plan must be read first, or the run was stopped by anything but its slice. */
export function requireInStep(
	context: { getNode(): INode },
	result: SyncResult,
	itemIndex: number,
	isOfContact: boolean,
): void {
	const fail = (message: string, description: string): never => {
		throw new NodeOperationError(context.getNode(), message, { itemIndex, description });
	};
	const { guard, plannedOnly, report, standing, stopped } = result;
	if (plannedOnly) {
		const why = guard ?? "it is the location's first sync with these settings";
		fail(`Nothing was written: ${why}`, 'Read the plan with the operation Plan, then turn on Write for one run.');
	}
	if (stopped !== undefined && stopped !== 'deadline') {
		fail(`The sync was stopped: ${STOPS[stopped]}`, 'What was written stays. The next run continues there.');
	}
	// A contact's sync answers for its own records, not for all others.
	const { failed, waiting } = isOfContact ? { failed: report.rejected, waiting: 0 } : standing;
	if (failed + waiting === 0) return;
	fail(
		`Not in step: ${failed} failed, ${waiting} waiting for a person`,
		'See them with the operations Get Many Rejected Records and Get Many Conflicts, and settle them with Retry Record and Resolve Conflict. Turn off the option Fail If Not in Step to go on regardless.',
	);
}
