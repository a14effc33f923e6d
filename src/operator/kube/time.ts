/** metav1.Time: RFC 3339 in whole seconds. */
export const kubeTime = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;

/** metav1.MicroTime: API servers answer 400 to anything but six digits after the point. */
export const microTime = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 23)}000Z`;
