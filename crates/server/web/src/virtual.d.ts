declare module 'virtual:licences' {
  /** Address of a text with the licences of what is built into the page. */
  const address: string;
  export default address;
}
