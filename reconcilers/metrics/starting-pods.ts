/** Pods that this process saw pending and that are not ready yet, by uid: only of these is it measured how long they take. */
export class StartingPods {
  private readonly pods = new Map<string, { bound: boolean }>();

  add(uid: string): void {
    if (!this.pods.has(uid)) this.pods.set(uid, { bound: false });
  }

  has(uid: string): boolean {
    return this.pods.has(uid);
  }

  /** Whether it is news that the pod has a node. */
  bind(uid: string): boolean {
    const pod = this.pods.get(uid);
    if (!pod || pod.bound) return false;
    pod.bound = true;
    return true;
  }

  delete(uid: string): void {
    this.pods.delete(uid);
  }

  /** Forgets pods that are there no more. */
  retain(uids: ReadonlySet<string>): void {
    for (const uid of this.pods.keys()) if (!uids.has(uid)) this.pods.delete(uid);
  }
}
