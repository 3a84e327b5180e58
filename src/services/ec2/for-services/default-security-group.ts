export { defaultGroupId as defaultSecurityGroupId } from '../network-interfaces/new-interface.ts';
