import { Help as OclifHelp } from '@oclif/core/help';

/** oclif's own help; the class is named here so that the bundle carries it. */
export default class Help extends OclifHelp {}
