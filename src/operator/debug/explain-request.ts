/** The path of explanations: `?kind=nodeclaims&name=x&namespace=default&format=json|text`. */
export const EXPLAIN_PATH = '/debug/explain';

/** API servers keep `authorization` to themselves when they pass a request on to a pod. In lower case, as Node has names of headers. */
export const TOKEN_HEADER = 'x-karpenter-ts-token';
