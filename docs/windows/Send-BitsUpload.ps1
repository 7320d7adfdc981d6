<#
.SYNOPSIS
Uploads a file, or all files of a folder, with BITS and waits until they are there.

.DESCRIPTION
One BITS job per file, a few at a time. BITS goes on by itself after a lost network or a restart, so a job that is still under way
when the time is up is left in the queue; run the script again with -Resume to wait for it and to complete it.

Needs Windows PowerShell 5.1. Jobs belong to the user who starts them and run while that user is logged on: for a service, a
scheduled task or a remote session, run it as SYSTEM or as the service's account, interactively logged on.

Exit codes: 0 everything is uploaded · 1 it could not be started · 2 at least one file failed for good (see the output) ·
3 the time is up, and jobs are still under way.

.EXAMPLE
.\Send-BitsUpload.ps1 -Path C:\Dumps\a.dmp -Url https://bits.example.com/dumps/PC-17/ -Ticket (Get-Content ticket.txt)

.EXAMPLE
.\Send-BitsUpload.ps1 -Path C:\Export -Url https://bits.example.com/uploads/ -Recurse -Credential (Get-Credential)
#>
[CmdletBinding()]
param(
    # A file or a folder.
    [Parameter(Mandatory = $true, Position = 0)] [string] $Path,
    # Where it goes. Ends with a slash: names of files are added. Else it is the URL of the one file.
    [Parameter(Mandatory = $true, Position = 1)] [uri] $Url,
    # A ticket for that URL, or for a prefix of it.
    [string] $Ticket,
    # A name and password for HTTP Basic.
    [System.Management.Automation.PSCredential] $Credential,
    # Also what lies in folders below.
    [switch] $Recurse,
    # Jobs at a time. BITS lets a user have 60 by default.
    [ValidateRange(1, 50)] [int] $Jobs = 4,
    # How long a job waits after a fault that passes. BITS takes no less than 60.
    [ValidateRange(60, 86400)] [int] $RetryIntervalSeconds = 60,
    # How long the script waits. 0: as long as it takes.
    [ValidateRange(0, 20160)] [int] $TimeoutMinutes = 0,
    # Take up the jobs of an earlier run in place of starting them again.
    [switch] $Resume
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

function Stop-Usage([string] $Message) {
    Write-Host $Message -ForegroundColor Red
    exit 1
}

# Every character that a URL gives a meaning is escaped: BITS sends the URL as it stands.
function Get-FileUrl([string] $Relative) {
    $target = $Url.AbsoluteUri
    if ($Relative -ne '') {
        $segments = $Relative -split '[\\/]' | ForEach-Object { [uri]::EscapeDataString($_) }
        $target = $target + ($segments -join '/')
    }
    if ($Ticket) { $target = $target + '?ticket=' + [uri]::EscapeDataString($Ticket.Trim()) }
    return $target
}

# The same file to the same URL has the same name, so a second run finds the jobs of the first. Never the ticket.
function Get-JobName([string] $File) { return 'Send-BitsUpload ' + $File + ' ' + $Url.GetLeftPart([System.UriPartial]::Path) }

function Start-Upload($Item) {
    if ($Resume) {
        $found = @(Get-BitsTransfer | Where-Object { $_.DisplayName -eq $Item.JobName })
        if ($found.Count -gt 0) { return $found[0] }
    }
    $parameters = @{
        Source        = $Item.File
        Destination   = $Item.Url
        TransferType  = 'Upload'
        Asynchronous  = $true
        DisplayName   = $Item.JobName
        Priority      = 'Foreground'
        RetryInterval = $RetryIntervalSeconds
    }
    if ($Credential) {
        $parameters['Credential'] = $Credential
        $parameters['Authentication'] = 'Basic'
    }
    return Start-BitsTransfer @parameters
}

if ($PSVersionTable.PSVersion.Major -lt 5) { Stop-Usage 'Windows PowerShell 5.1 is needed.' }
if (-not $Url.IsAbsoluteUri -or @('http', 'https') -notcontains $Url.Scheme) { Stop-Usage '-Url is a whole http or https URL.' }
if ($Url.Query -or $Url.Fragment) { Stop-Usage '-Url has no ? and no #: a ticket is given with -Ticket.' }
if ($Ticket -and $Credential) { Stop-Usage 'Either -Ticket or -Credential.' }
if (($Ticket -or $Credential) -and $Url.Scheme -ne 'https') { Stop-Usage 'A ticket or a password is sent over https only.' }
if (-not (Test-Path -LiteralPath $Path)) { Stop-Usage "$Path is not there." }
Import-Module BitsTransfer

$root = Get-Item -LiteralPath $Path -Force
$isFolderUrl = $Url.AbsolutePath.EndsWith('/')
$queue = New-Object System.Collections.Queue
if ($root.PSIsContainer) {
    if (-not $isFolderUrl) { Stop-Usage 'For a folder, -Url ends with a slash.' }
    $base = $root.FullName.TrimEnd('\')
    foreach ($file in @(Get-ChildItem -LiteralPath $root.FullName -File -Recurse:$Recurse)) {
        $relative = $file.FullName.Substring($base.Length + 1)
        $queue.Enqueue(@{ File = $file.FullName; Url = (Get-FileUrl $relative); JobName = (Get-JobName $file.FullName) })
    }
    if ($queue.Count -eq 0) { Stop-Usage "$Path has no files." }
} else {
    $relative = ''
    if ($isFolderUrl) { $relative = $root.Name }
    $queue.Enqueue(@{ File = $root.FullName; Url = (Get-FileUrl $relative); JobName = (Get-JobName $root.FullName) })
}

$total = $queue.Count
$uploaded = 0
$failed = 0
$running = @()
$deadline = [datetime]::MaxValue
if ($TimeoutMinutes -gt 0) { $deadline = (Get-Date).AddMinutes($TimeoutMinutes) }

while (($queue.Count -gt 0 -or $running.Count -gt 0) -and (Get-Date) -lt $deadline) {
    while ($queue.Count -gt 0 -and $running.Count -lt $Jobs) {
        $item = $queue.Dequeue()
        try {
            $job = Start-Upload $item
            $running += @{ File = $item.File; Id = $job.JobId }
        } catch {
            $failed++
            Write-Host ('{0}: {1}' -f $item.File, $_.Exception.Message) -ForegroundColor Red
        }
    }

    $still = @()
    foreach ($entry in $running) {
        $job = Get-BitsTransfer -JobId $entry.Id -ErrorAction SilentlyContinue
        if ($null -eq $job) {
            $failed++
            Write-Host ('{0}: the job was removed' -f $entry.File) -ForegroundColor Red
            continue
        }
        switch ($job.JobState.ToString()) {
            'Transferred' {
                Complete-BitsTransfer -BitsJob $job
                $uploaded++
                Write-Host ('{0}: uploaded' -f $entry.File)
            }
            'Error' {
                $failed++
                $code = '0x{0:X8}' -f $job.InternalErrorCode
                Write-Host ('{0}: {1} {2}' -f $entry.File, $code, $job.ErrorDescription) -ForegroundColor Red
                Remove-BitsTransfer -BitsJob $job
            }
            'Suspended' {
                Resume-BitsTransfer -BitsJob $job -Asynchronous | Out-Null
                $still += $entry
            }
            default {
                $percent = 0
                # Before a job has looked at its file, the total is the largest number there is.
                if ($job.BytesTotal -gt 0 -and $job.BytesTotal -lt [long]::MaxValue) {
                    $percent = [int][math]::Min(100, 100 * ($job.BytesTransferred / $job.BytesTotal))
                }
                Write-Progress -Activity "Uploading, $uploaded of $total done" -Status $entry.File `
                    -CurrentOperation $job.JobState.ToString() -PercentComplete $percent
                $still += $entry
            }
        }
    }
    $running = $still
    if ($running.Count -gt 0) { Start-Sleep -Seconds 2 }
}
Write-Progress -Activity 'Uploading' -Completed

$left = $running.Count + $queue.Count
Write-Host ('{0} uploaded, {1} failed, {2} not finished, of {3}' -f $uploaded, $failed, $left, $total)
if ($failed -gt 0) { exit 2 }
if ($left -gt 0) { exit 3 }
exit 0
