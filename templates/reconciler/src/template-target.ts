// Stands for the kind that the reconciler is for while the templates are compiled; it is not copied.
import { Node } from 'karpenter-ts/operator';

export class TemplateTarget extends Node {}
